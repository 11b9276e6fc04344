/**
 * The browser's side of Vestibule, without dependencies: copy this folder into any
 * single-page app. `new Vestibule()` is all it needs; see README.md beside it.
 */
export { Vestibule, type Answer, type LoginOptions, type Observer, type Operation, type Options } from "./vestibule";
export type { DocumentIds } from "./documents";
export type { EndReason } from "./events";
export { leave, leaveIfExpired, takeUp, type Found, type Intent } from "./intent";
export { endOf, refOf, type Claims, type Session, type SignedIn } from "./session";
export {
  isLocal,
  readError,
  readFailure,
  remedyFor,
  type ErrorCode,
  type FieldFault,
  type GatewayError,
  type RawError,
  type Remedy,
} from "./errors";
