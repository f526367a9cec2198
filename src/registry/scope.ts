/** What a token is to allow (distribution, "Token Scope Documentation"): `repository:team/app:pull,push`. */
export type Scope = string;

export function pullScope(repository: string): Scope {
  return `repository:${repository}:pull`;
}

export function pushScope(repository: string): Scope {
  return `repository:${repository}:pull,push`;
}
