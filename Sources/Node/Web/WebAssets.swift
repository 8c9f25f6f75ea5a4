/// What the page looks like, and what it does where scripts may run. All of it is here: nothing is
/// fetched from elsewhere.
enum WebAssets {
    static let style = """
        :root { color-scheme: light dark; --line: #8884; --soft: #8881; --mark: #2a7ae2; }
        * { box-sizing: border-box; }
        body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 64rem;
          padding: 1rem; }
        header { display: flex; gap: 1rem; align-items: baseline; flex-wrap: wrap; }
        h1 { font-size: 1.3rem; margin: 0; } h1 a { color: inherit; text-decoration: none; }
        h2 { font-size: 1rem; margin: 1.5rem 0 .4rem; }
        a { color: var(--mark); }
        table { border-collapse: collapse; width: 100%; }
        th, td { text-align: left; padding: .25rem .6rem .25rem 0; vertical-align: top;
          border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
        th { font-weight: 600; } td.n, th.n { text-align: right; white-space: nowrap; }
        form { display: inline; } td form + form { margin-left: .3rem; }
        button, input { font: inherit; padding: .15rem .6rem; border: 1px solid var(--line);
          border-radius: .3rem; background: var(--soft); color: inherit; }
        button { cursor: pointer; } input[name=drive] { width: min(34rem, 90vw); }
        code, pre { font: 13px/1.45 ui-monospace, monospace; }
        pre { overflow: auto; padding: .8rem; background: var(--soft); border-radius: .3rem;
          max-height: 70vh; white-space: pre-wrap; }
        .empty { opacity: .65; } .big { font-size: 1.1rem; }
        .graph { width: 100%; height: 7rem; background: var(--soft); border-radius: .3rem; }
        .graph polyline { fill: none; stroke-width: 1.5; vector-effect: non-scaling-stroke; }
        .down { stroke: #2a7ae2; color: #2a7ae2; } .up { stroke: #d9822b; color: #d9822b; }
        video, img.preview { max-width: 100%; max-height: 75vh; } audio { width: 100%; }
        .qr svg { width: min(20rem, 80vw); height: auto; }
        nav { margin: .8rem 0; overflow-wrap: anywhere; }
        """

    static let script = """
        const live = document.getElementById("live");
        if (live) setInterval(async () => {
          if (document.hidden) return;
          try {
            const answer = await fetch("/live");
            if (answer.ok) live.innerHTML = await answer.text();
          } catch (error) { live.classList.add("empty"); }
        }, 1000);
        for (const button of document.querySelectorAll("button[data-copy]")) {
          button.hidden = false;
          button.addEventListener("click", async () => {
            await navigator.clipboard.writeText(button.dataset.copy);
            button.textContent = "copied";
          });
        }
        """

    static let icon = """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="#2a7ae2" \
        d="M1 3h5l2 2h7v9H1z"/><circle cx="5" cy="10" r="1.3" fill="#fff"/><circle cx="11" \
        cy="10" r="1.3" fill="#fff"/><path stroke="#fff" d="M5 10h6"/></svg>
        """
}
