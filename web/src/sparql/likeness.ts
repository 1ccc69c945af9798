// How alike two words are.

/** The number of letters that are to be put in, taken out, changed or swapped with the next. */
export function distance(one: string, other: string): number {
    let earlier: number[] = [];
    let before = Array.from({ length: other.length + 1 }, (_, place) => place);
    for (let row = 0; row < one.length; row++) {
        const now = [row + 1];
        for (let column = 0; column < other.length; column++) {
            const change = (before[column] ?? 0) + Number(one[row] !== other[column]);
            const isSwapped = one[row] === other[column - 1] && one[row - 1] === other[column];
            now.push(
                Math.min(
                    change,
                    (before[column + 1] ?? 0) + 1,
                    (now[column] ?? 0) + 1,
                    isSwapped ? (earlier[column - 1] ?? 0) + 1 : change,
                ),
            );
        }
        [earlier, before] = [before, now];
    }
    return before.at(-1) ?? 0;
}

/** The word that is most like another, if it is like enough to be what was meant. */
export function nearest(word: string, among: Iterable<string>): string | undefined {
    let best: string | undefined;
    let least = Math.min(3, Math.floor(word.length / 3)) + 1;
    for (const one of among) {
        if (Math.abs(one.length - word.length) < least) {
            const apart = distance(one.toLowerCase(), word.toLowerCase());
            if (apart < least) {
                best = one;
                least = apart;
            }
        }
    }
    return best;
}
