/** The value below which Student's t with this many degrees of freedom lies with the probability, which is between 0 and 1. */
export function studentTQuantile(probability: number, degreesOfFreedom: number): number {
  if (probability === 0.5) return 0;
  if (probability < 0.5) return -studentTQuantile(1 - probability, degreesOfFreedom);
  let high = 1;
  while (studentTBelow(high, degreesOfFreedom) < probability) {
    high *= 2;
    if (!Number.isFinite(high)) return Infinity;
  }
  let low = 0;
  for (let round = 0; round < 200 && high - low > 1e-14 * high; round++) {
    const middle = (low + high) / 2;
    if (studentTBelow(middle, degreesOfFreedom) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The probability that Student's t is at most `value`, which is not negative. */
function studentTBelow(value: number, degreesOfFreedom: number): number {
  const x = degreesOfFreedom / (degreesOfFreedom + value * value);
  return 1 - incompleteBeta(x, degreesOfFreedom / 2, 0.5) / 2;
}

/** The regularised incomplete beta function (DLMF 8.17.22). */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges quickly on this side alone.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const logFront = a * Math.log(x) + b * Math.log1p(-x) - Math.log(a) - logBeta(a, b);
  return Math.exp(logFront) * betaFraction(x, a, b);
}

/** 1 / (1 + d1 / (1 + d2 / (1 + …))) by Lentz's method as Thompson and Barnett changed it. */
function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  let [fraction, c, d] = [1, 1, 0];
  for (let term = 0; term < 500; term++) {
    const m = Math.floor(term / 2);
    let numerator = 1;
    if (term > 0) {
      numerator =
        term % 2 === 0
          ? (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
          : (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    }
    d = 1 / nonZero(1 + numerator * d, tiny);
    c = nonZero(1 + numerator / c, tiny);
    fraction *= c * d;
    if (Math.abs(1 - c * d) < 1e-15) break;
  }
  return fraction - 1;
}

function nonZero(value: number, tiny: number): number {
  return Math.abs(value) < tiny ? tiny : value;
}

function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

/** For positive arguments: moved up to where Stirling's series has all digits. */
function logGamma(value: number): number {
  let [shifted, correction] = [value, 0];
  while (shifted < 15) {
    correction += Math.log(shifted);
    shifted += 1;
  }
  const inverse = 1 / shifted;
  const square = inverse * inverse;
  const series =
    inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188))));
  return (shifted - 0.5) * Math.log(shifted) - shifted + Math.log(2 * Math.PI) / 2 + series - correction;
}
