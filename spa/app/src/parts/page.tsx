import { useEffect, useRef, type ReactNode } from "react";

let opened = false;

/**
 * One page: its title, and the focus. After a navigation within the app the focus
 * goes to the heading, as a page load would have it, so that a screen reader reads
 * where it is and the keyboard goes on from there.
 */
export function Page({ title, lead, aside, narrow, children }: { title: string; lead?: ReactNode; aside?: ReactNode; narrow?: boolean; children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (opened) heading.current?.focus({ preventScroll: true });
    opened = true;
  }, []);
  useEffect(() => {
    document.title = `${title} · Vestibule`;
  }, [title]);
  return (
    <main id="main" className={narrow ? "page narrow" : "page"}>
      <header className="page-head">
        <div>
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {lead && <p className="lead">{lead}</p>}
        </div>
        {aside}
      </header>
      {children}
    </main>
  );
}
