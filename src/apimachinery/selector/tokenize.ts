/** A word (key, value, `in`, `notin`) or a symbol of a label selector. */
export interface Token {
  word?: string;
  symbol?: string;
}

/** Words are whatever lies between blanks and symbols; the requirement checks them. */
const token = /\s*(?:(==|!=|[=!<>(),])|([^\s=!<>(),]+))/y;

export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  token.lastIndex = 0;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    tokens.push(match[1] === undefined ? { word: match[2] ?? "" } : { symbol: match[1] });
  }
  return tokens;
}
