// Asking the endpoint: one query at a time, read while it comes, and ended by whoever asked.

export interface Asked {
    query: string;
    /** The data version that is to answer; without one the current one does. */
    version?: string;
    /** The graphs that are to be asked, by the protocol's parameters; without some all are. */
    graphs?: [parameter: string, iri: string][];
}

export interface Reply {
    text: string;
    mediaType: string;
    version: string;
    seconds: number;
    /** Why this is not all: the server cut it, it broke off, or it is too much for the page. */
    cut?: "brokenOff" | "limit" | "tooMuch";
}

/** What the server says where it does not answer. */
export class Refusal extends Error {
    constructor(
        message: string,
        readonly line?: number,
        readonly column?: number,
    ) {
        super(message);
    }
}

const LONGEST_ADDRESS = 6_000;
const MOST_CHARACTERS = 20_000_000;

/** Where an answer is found; of a format, else of whatever is accepted. */
export function addressOf({ query, version, graphs = [] }: Asked, format?: string): string {
    const parameters = new URLSearchParams([["query", query], ...graphs]);
    if (version) {
        parameters.set("version", version);
    }
    if (format) {
        parameters.set("format", format);
    }
    return `/sparql?${parameters}`;
}

/** Whether an address is short enough for every server and proxy on the way. */
export const isShort = (address: string): boolean => address.length <= LONGEST_ADDRESS;

/** Ask for an answer in one of the media types; by POST where the address would be too long. */
export function request(asked: Asked, accept: string, signal: AbortSignal): Promise<Response> {
    const address = addressOf(asked);
    const options = { headers: { Accept: accept }, signal };
    return isShort(address)
        ? fetch(address, options)
        : fetch("/sparql", {
              ...options,
              method: "POST",
              body: new URLSearchParams(address.slice(address.indexOf("?") + 1)),
          });
}

/** The one query that is on its way, which can be ended. */
export class Asking {
    private readonly controller = new AbortController();
    private id = "";
    readonly began = performance.now();

    /** End it: for us by leaving, for the server also by name, if a proxy hides that we left. */
    cancel(): void {
        this.controller.abort();
        if (this.id) {
            void fetch(`/running/${encodeURIComponent(this.id)}`, {
                method: "DELETE",
                keepalive: true,
            }).catch(() => undefined); // it may have ended by itself
        }
    }

    get isCancelled(): boolean {
        return this.controller.signal.aborted;
    }

    get seconds(): number {
        return (performance.now() - this.began) / 1000;
    }

    /** Ask, and read what comes, up to what a page can hold. Raises `Refusal`. */
    async reply(asked: Asked, accept: string): Promise<Reply> {
        const response = await request(asked, accept, this.controller.signal);
        this.id = response.headers.get("X-KG-Query-Id") ?? "";
        if (!response.ok) {
            throw await refusal(response);
        }
        const [text, cut] = await this.read(response);
        const isCut = response.headers.get("X-KG-Complete") === "false";
        const why = cut ?? (isCut ? "limit" : undefined);
        return {
            text,
            mediaType: (response.headers.get("Content-Type") ?? "").split(";")[0] ?? "",
            version: response.headers.get("X-KG-Data-Version") ?? "",
            seconds: this.seconds,
            ...(why ? { cut: why } : {}),
        };
    }

    private async read(response: Response): Promise<[string, Reply["cut"]]> {
        const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
        let text = "";
        try {
            for (;;) {
                const { done, value } = (await reader?.read()) ?? { done: true, value: "" };
                if (done) {
                    return [text, undefined];
                }
                text += value;
                if (text.length > MOST_CHARACTERS) {
                    void reader?.cancel();
                    return [text, "tooMuch"];
                }
            }
        } catch (error) {
            if (this.isCancelled) {
                throw error;
            }
            return [text, "brokenOff"];
        }
    }
}

/** What a response that is no answer says. */
export async function refusal(response: Response): Promise<Refusal> {
    const said = await response.text();
    try {
        const { detail, title, line, column } = JSON.parse(said) as Record<string, unknown>;
        return new Refusal(
            String(detail ?? title ?? response.statusText),
            typeof line === "number" ? line : undefined,
            typeof column === "number" ? column : undefined,
        );
    } catch {
        return new Refusal(`${response.status} ${response.statusText}`);
    }
}
