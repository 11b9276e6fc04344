import { useState } from "react";

/**
 * A product's picture. The content security policy admits pictures of this origin
 * and drawings inside the answer; anything else, or none, gives the first letter.
 */
export function Picture({ url, name }: { url: string | null | undefined; name: string }) {
  const [broken, setBroken] = useState(false);
  const usable = url && !broken && (url.startsWith("data:image/") || /^\/(?!\/)/.test(url));
  return (
    <span className="picture">
      {usable ? (
        <img src={url} alt="" loading="lazy" decoding="async" onError={() => setBroken(true)} />
      ) : (
        <span aria-hidden="true">{name.slice(0, 1)}</span>
      )}
    </span>
  );
}
