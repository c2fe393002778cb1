// The looks of a report: in light and in dark, on wide screens and on phones.

extension HTMLReport {
    static let style = """
        :root { color-scheme: light dark; --ink: #2b2f36; --paper: #ffffff; --grid: #dfe2e7; --faint: #5f6670;
          --panel: #f5f6f8; --good: #00684b; --bad: #b03a00; --link: #005a8f; }
        @media (prefers-color-scheme: dark) {
          :root { --ink: #e3e6ea; --paper: #16181c; --grid: #363b43; --faint: #a0a7b1; --panel: #1f2228;
            --good: #4fd0a5; --bad: #ff9b66; --link: #7cc4f5; }
        }
        body { margin: 0; background: var(--paper); color: var(--ink);
          font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
        main { max-width: 1000px; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
        h1 { font-size: 1.7rem; line-height: 1.2; margin: 0.5rem 0; }
        h2 { font-size: 1.25rem; margin: 2.4rem 0 0.6rem; border-bottom: 1px solid var(--grid); padding-bottom: 0.3rem; }
        nav a { margin-right: 1rem; white-space: nowrap; }
        a { color: var(--link); }
        .note { color: var(--faint); font-size: 0.9rem; }
        figure { margin: 1.4rem 0 2rem; }
        .plot { overflow-x: auto; }
        .plot svg { width: 100%; min-width: 640px; height: auto; display: block; }
        .plot svg * { font-family: inherit; }
        figcaption { color: var(--faint); font-size: 0.9rem; margin-top: 0.3rem; }
        .table { overflow-x: auto; margin: 1rem 0; }
        table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; min-width: 60%; }
        caption { text-align: left; color: var(--faint); padding-bottom: 0.3rem; }
        th, td { padding: 0.3rem 0.8rem 0.3rem 0; text-align: left; border-bottom: 1px solid var(--grid);
          vertical-align: top; }
        th { font-weight: 600; }
        .n { text-align: right; white-space: nowrap; }
        h3 { font-size: 1.05rem; margin: 1.8rem 0 0.4rem; }
        h3 a { font-size: 0.85rem; font-weight: 400; }
        .banner { border-left: 6px solid var(--grid); background: var(--panel); padding: 0.8rem 1rem; margin: 1.2rem 0;
          border-radius: 0 6px 6px 0; }
        .banner strong { display: block; font-size: 1.25rem; line-height: 1.3; }
        .banner.good, .banner.bad { font-weight: 400; color: var(--ink); }
        .banner.good { border-color: var(--good); }
        .banner.good strong { color: var(--good); }
        .banner.bad { border-color: var(--bad); }
        .banner.bad strong { color: var(--bad); }
        .cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: 0.7rem; margin: 1.2rem 0; }
        .cards div { background: var(--panel); border-radius: 6px; padding: 0.6rem 0.8rem; }
        .cards b { display: block; font-size: 1.35rem; line-height: 1.3; font-variant-numeric: tabular-nums; }
        .cards span { display: block; font-size: 0.85rem; line-height: 1.35; }
        td a { white-space: nowrap; }
        .good { color: var(--good); font-weight: 600; }
        .bad { color: var(--bad); font-weight: 600; }
        .faint { color: var(--faint); }
        pre { background: var(--panel); padding: 0.7rem 0.9rem; overflow-x: auto; border-radius: 6px; }
        :target { scroll-margin-top: 1rem; }
        code { font: 0.9em ui-monospace, "DejaVu Sans Mono", monospace; }
        """
}
