namespace Sidestep.Benchmarks;

/// <summary>What a figure is compared with. A benchmark is no test: a bound that is missed is marked and nothing else.</summary>
/// <param name="Figure">Which one.</param>
/// <param name="Limit">The most that it is meant to be.</param>
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
    /// <summary>Nanoseconds more than the floor.</summary>
    OverFloorNs,

    /// <summary>Times the floor.</summary>
    Times,

    /// <summary>Nanoseconds in all, without the harness.</summary>
    NetNs,

    /// <summary>Milliseconds.</summary>
    Ms,
}
