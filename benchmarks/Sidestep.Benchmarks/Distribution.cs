namespace Sidestep.Benchmarks;

/// <summary>Minimum and quartiles of the samples of one quantity; at least one sample.</summary>
internal sealed class Distribution(IEnumerable<double> samples)
{
    private readonly double[] _sorted = [.. samples.Order()];

    internal double Min => _sorted[0];

    internal double Quartile1 => At(0.25);

    internal double Median => At(0.5);

    internal double Quartile3 => At(0.75);

    /// <summary>Interpolates linearly between two samples.</summary>
    private double At(double share)
    {
        var place = share * (_sorted.Length - 1);
        var below = (int)place;
        var above = Math.Min(below + 1, _sorted.Length - 1);
        return _sorted[below] + (_sorted[above] - _sorted[below]) * (place - below);
    }
}
