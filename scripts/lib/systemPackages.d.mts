export declare function findChromium(): string | undefined;
export declare function findSshd(): string | undefined;
