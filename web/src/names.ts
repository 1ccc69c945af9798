// Names beside a chart: how much room they take, and what there is room for.

/** Pixels of a Latin letter on average; a Chinese character is as wide as two. */
const LETTER = 7.2;
const GAP = 14;

function isWide(letter: string): boolean {
    return letter > "\u2e7f";
}

function letters(text: string): number {
    return [...text].reduce((sum, letter) => sum + (isWide(letter) ? 2 : 1), 0);
}

/** The pixels that the longest of some texts takes. */
export function extent(names: string[]): number {
    return Math.max(...names.map(letters), 4) * LETTER + GAP;
}

/** Writes as much of a name as two lines of so many pixels hold. */
export function folded(pixels: number): (name: string) => string {
    const most = Math.floor((pixels - GAP) / LETTER + 1e-6); // as many as extent had, for all rounding
    return (name) => {
        if (letters(name) <= most) {
            return name;
        }
        const words = name.split(" ");
        let first = words.shift() ?? "";
        while (words.length && letters(`${first} ${words[0]}`) <= most) {
            first += ` ${words.shift()}`;
        }
        return [first, words.join(" ")].map((line) => cut(line, most)).join("\n");
    };
}

function cut(line: string, most: number): string {
    let room = most - 1;
    const kept: string[] = [];
    for (const letter of line) {
        room -= isWide(letter) ? 2 : 1;
        if (room < 0) {
            return letters(line) > most ? `${kept.join("")}…` : line;
        }
        kept.push(letter);
    }
    return line;
}
