/* A browser starts no worker from file://, but the search needs one: run its script in a frame.
   The name of this file stops the plugin `offline` from loading such a script from the network. */
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      frame.title = "search";
      document.body.append(frame);
      this.inside = frame.contentWindow;
      this.inside.postMessageToWorker = this.inside.postMessage.bind(this.inside);
      const page = this.inside.document;
      page.open();
      page.write(
        "<!doctype html><script>postMessage = (data) => parent.postMessage(data, '*')</script>" +
          `<script src="${url}"></script>`,
      );
      page.close();
      addEventListener("message", (event) => {
        if (event.source !== this.inside) return;
        event.stopImmediatePropagation();
        const copy = new MessageEvent("message", { data: event.data });
        this.dispatchEvent(copy);
        if (this.onmessage) this.onmessage(copy);
      });
    }
    postMessage(data) {
      this.inside.postMessageToWorker(data, "*");
    }
    terminate() {}
  };
}
