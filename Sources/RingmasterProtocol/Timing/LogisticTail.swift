// How unlikely a value is under a normal distribution, on the scale of phi, and the way back from phi to the value.
// PhiAccrualDetector needs both: the one to report suspicion, the other to know beforehand when it sets in.

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The upper tail of the standard normal distribution, by a logistic approximation.
///
/// P(Y > y) ~ 1 / (1 + e^x) with x = 1.5976 y + 0.070566 y^3; within 0.00014 of the exact probability everywhere.
/// Source: Bowling, Khasawneh, Kaewkuekool, Cho, "A logistic approximation to the cumulative normal distribution",
/// Journal of Industrial Engineering and Management 2(1), 2009. Being a cubic it has a closed inverse, which the
/// exact tail has not. In the far tail it falls faster than the normal one: phi 8 is reached at y = 5.22, not 5.61.
enum LogisticTail {
    private static let linear = 1.5976
    private static let cubic = 0.070566

    /// phi = -log10 P(Y > y), at least 0. O(1); finite for any y up to 1e100, without loss where P is near 0 or 1.
    static func phi(ofDeviation y: Double) -> Double {
        let x = y * (linear + cubic * y * y)
        // log(1 + e^x), with the exponential of a negative number only, which cannot overflow.
        return (max(x, 0) + log1p(exp(-abs(x)))) / M_LN10
    }

    /// The y for which `phi(ofDeviation:)` is the given phi, which must be above 0 and finite. O(1).
    static func deviation(ofPhi phi: Double) -> Double {
        // x = log(10^phi - 1), without forming 10^phi.
        let decades = phi * M_LN10
        let x = decades + log(-expm1(-decades))
        // y^3 + p y = q with p > 0 has one real root, which Viete's substitution y = 2 sqrt(p/3) sinh(t) finds.
        let p = linear / cubic
        let q = x / cubic
        let scale = 2 * (p / 3).squareRoot()
        return scale * sinh(asinh(3 * q / (p * scale)) / 3)
    }
}
