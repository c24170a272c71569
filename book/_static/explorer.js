// Filters of the explanations: hides the texts that the selects exclude. The selects' values are kept in the page's address, so that
// a view can be linked to. Without this script everything is shown.
(() => {
  "use strict";

  // An attribute holds the values of an element for one filter, separated by blanks.
  const matches = (element, filter, name) => (element.dataset[filter] || "").split(" ").includes(name);

  const start = () => {
    const explorer = document.querySelector(".explorer");
    if (!explorer) return;
    const form = explorer.querySelector("form");
    const count = form.querySelector("output");
    const selects = [...form.querySelectorAll("select")];
    const cards = [...explorer.querySelectorAll(".explorer-face")].map((card) => ({
      card,
      texts: [...card.querySelectorAll(".explorer-text")],
    }));
    const all = cards.reduce((sum, { texts }) => sum + texts.length, 0);

    const show = () => {
      const active = selects.filter((select) => select.value);
      let shown = 0;
      for (const { card, texts } of cards) {
        for (const text of texts) {
          text.hidden = !active.every(({ name, value }) => matches(text, name, value) || matches(card, name, value));
        }
        const left = texts.filter((text) => !text.hidden).length;
        card.hidden = left === 0;
        shown += left;
      }
      count.textContent = shown ? `${shown} of ${all} explanations shown` : `None of ${all} explanations match all filters`;
    };

    const read = () => {
      const address = new URLSearchParams(location.search);
      for (const select of selects) {
        const value = address.get(select.name);
        if (value !== null && [...select.options].some((option) => option.value === value)) select.value = value;
      }
    };

    const write = () => {
      const address = new URL(location.href);
      for (const select of selects) {
        const begin = [...select.options].find((option) => option.defaultSelected) || select.options[0];
        if (select.value === begin.value) address.searchParams.delete(select.name);
        else address.searchParams.set(select.name, select.value);
      }
      history.replaceState(history.state, "", address);
    };

    const changed = () => {
      show();
      write();
    };
    form.addEventListener("change", changed);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.querySelector("button").addEventListener("click", () => {
      form.reset();
      changed();
    });
    form.hidden = false;
    read();
    show();
  };

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
