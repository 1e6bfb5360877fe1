namespace Sidestep.Benchmarks;

/// <summary>A limit for a figure. A benchmark is no test: it marks a figure beyond its limit, and does not
/// fail.</summary>
/// <param name="Figure">The figure that is compared.</param>
/// <param name="Limit">The intended maximum.</param>
internal sealed record Bound(Figure Figure, double Limit)
{
    internal static Bound OverFloor(double nanoseconds) => new(Figure.OverFloorNs, nanoseconds);

    internal static Bound Times(double limit) => new(Figure.Times, limit);

    internal static Bound Net(double nanoseconds) => new(Figure.NetNs, nanoseconds);

    internal static Bound Milliseconds(double limit) => new(Figure.Ms, limit);
}

/// <summary>The figures that have bounds.</summary>
internal enum Figure
{
    /// <summary>Nanoseconds above the floor.</summary>
    OverFloorNs,

    /// <summary>Multiple of the floor's time.</summary>
    Times,

    /// <summary>Nanoseconds in total, without the harness.</summary>
    NetNs,

    /// <summary>Milliseconds per operation.</summary>
    Ms,
}
