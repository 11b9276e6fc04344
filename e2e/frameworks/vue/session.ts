import { onScopeDispose, readonly, shallowRef } from "vue";
import { Vestibule } from "./vestibule";

export const vestibule = new Vestibule();
vestibule.start();

/** Who is signed in, as a ref that follows it. */
export function useSession() {
  const session = shallowRef(vestibule.current);
  onScopeDispose(vestibule.onSession((now) => (session.value = now)));
  return readonly(session);
}
