import { readable } from "svelte/store";
import { Vestibule } from "./vestibule";

export const vestibule = new Vestibule();
vestibule.start();

/** Who is signed in, as a store that follows it. */
export const session = readable(vestibule.current, (set) => {
  set(vestibule.current);
  return vestibule.onSession(set);
});
