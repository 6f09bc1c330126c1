// Paper has no buttons: what is folded away below the provenance is printed.
(() => {
  const folded = [...document.querySelectorAll("#provenance details")];
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = folded.filter((details) => !details.open);
    for (const details of opened) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of opened) details.open = false;
  });
})();
