/** The web standards that the domain speaks of; its build knows neither Node's nor the browser's types. */
interface AbortSignal {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** WHATWG URL: parsing alone, a pure function. */
declare class URL {
  static parse(text: string): URL | null;
  readonly protocol: string;
  readonly username: string;
  readonly password: string;
}

/** WHATWG HTML: forgiving base64 of text in Latin-1; `atob` throws on what is none. */
declare function btoa(latin1: string): string;
declare function atob(base64: string): string;

/** WHATWG Encoding: UTF-8. */
declare class TextEncoder {
  encode(text: string): Uint8Array;
}
