// Filters of the explanations: hides what does not fit the selects. Their values stand in the page's address, so that a view can
// be linked to. Without this script everything is shown.
(() => {
  "use strict";

  // An attribute holds the names that an element goes by, with blanks between them.
  const goesBy = (element, filter, name) => (element.dataset[filter] || "").split(" ").includes(name);

  const start = () => {
    const explorer = document.querySelector(".explorer");
    if (!explorer) return;
    const form = explorer.querySelector("form");
    const count = form.querySelector("output");
    const selects = [...form.querySelectorAll("select")];
    const cards = [...explorer.querySelectorAll(".explorer-face")].map((card) => ({
      card,
      texts: [...card.querySelectorAll(".explorer-told")],
    }));
    const all = cards.reduce((sum, { texts }) => sum + texts.length, 0);

    const show = () => {
      const asked = selects.filter((select) => select.value);
      let shown = 0;
      for (const { card, texts } of cards) {
        for (const text of texts) {
          text.hidden = !asked.every(({ name, value }) => goesBy(text, name, value) || goesBy(card, name, value));
        }
        const left = texts.filter((text) => !text.hidden).length;
        card.hidden = left === 0;
        shown += left;
      }
      count.textContent = shown ? `${shown} of ${all} explanations shown` : `None of ${all} explanations fits all filters`;
    };

    const read = () => {
      const asked = new URLSearchParams(location.search);
      for (const select of selects) {
        const value = asked.get(select.name);
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
