import type { ReactNode } from "react";

function Icon({ children }: { children: ReactNode }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

export const Logo = () => (
  <svg className="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    <path className="logo-arch" d="M7 26V14.5a9 9 0 0 1 18 0V26" />
    <path className="logo-door" d="M12.5 26V15.5a3.5 3.5 0 0 1 7 0V26z" />
    <path className="logo-arch" d="M4 26h24" />
  </svg>
);
export const Search = () => (
  <Icon>
    <circle cx="11" cy="11" r="6.5" />
    <path d="m16 16 4.5 4.5" />
  </Icon>
);
export const Bag = () => (
  <Icon>
    <path d="M5 8.5h14l1 12H4z" />
    <path d="M8.5 11V7a3.5 3.5 0 0 1 7 0v4" />
  </Icon>
);
export const Person = () => (
  <Icon>
    <circle cx="12" cy="8" r="4" />
    <path d="M4 20.5c1-4.5 4-6.5 8-6.500s7 2 8 6.5" />
  </Icon>
);
export const Key = () => (
  <Icon>
    <circle cx="8" cy="15.5" r="4" />
    <path d="m11 12.5 8-8m-3 3 3 3m-5.5-.5 2 2" />
  </Icon>
);
export const Warning = () => (
  <Icon>
    <path d="M12 4 2.5 20h19zM12 10v4.500M12 17.200v.3" />
  </Icon>
);
export const Check = () => (
  <Icon>
    <path d="m4.5 12.5 5 5 10-11" />
  </Icon>
);
export const Parcel = () => (
  <Icon>
    <path d="M3.5 7.5 12 3l8.5 4.500v9L12 21l-8.5-4.500zM3.5 7.5 12 12l8.5-4.500M12 12v9" />
  </Icon>
);
export const Star = () => (
  <svg className="icon star" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    <path d="m12 3 2.7 5.7 6.3.8-4.6 4.3 1.2 6.200L12 17l-5.6 3 1.2-6.200L3 9.500l6.3-.8z" />
  </svg>
);
