using Sidestep.Native;

namespace Sidestep.Benchmarks;

/// <summary>A program and its traffic.</summary>
/// <param name="Name">Name of a floor; empty for a case, which has the name of its comparison.</param>
/// <param name="Program">The program.</param>
/// <param name="Traffic">The frames that it processes.</param>
/// <param name="Verdict">The expected result.</param>
internal sealed record MeasuredProgram(string Name, BpfProgram Program, Traffic Traffic, XdpVerdict Verdict);

/// <summary>The action of a program, and the resulting length of the frame.</summary>
internal enum XdpVerdict
{
    /// <summary>XDP_PASS, frame unchanged.</summary>
    Pass,

    /// <summary>XDP_TX, length unchanged.</summary>
    Tx,

    /// <summary>XDP_TX, frame longer: the harness has to shorten it again.</summary>
    TxLonger,
}

/// <summary>A measured program, the floor that it is compared with, and the limit.</summary>
/// <param name="Name">Name of the case.</param>
/// <param name="Case">The measured program.</param>
/// <param name="Floor">The program that it is compared with.</param>
/// <param name="Bound">The limit; null: the case is only shown.</param>
/// <param name="Prepare">Called before each round with the number of its packets, outside the measurement.</param>
/// <param name="WarmUp">Number of packets of the case before the first round.</param>
internal sealed record Comparison(
    string Name, MeasuredProgram Case, MeasuredProgram Floor, Bound? Bound = null, Action<int>? Prepare = null,
        int WarmUp = 0);

/// <summary>Nanoseconds per packet, without the harness and its restoring of the frame.</summary>
internal sealed record CaseResult(
    string Name, double NetNsMedian, double NetNsQuartile1, double NetNsQuartile3, double NetNsMin,
    string FloorName, double FloorNsMedian, double FloorNsQuartile1, double FloorNsQuartile3, double FloorNsMin,
    double OverFloorNs, double? Times, double HarnessNsQuartile1, double HarnessNsQuartile3, Bound? Bound,
        bool? WithinBound);

/// <summary>Measures a case and its floor in the same rounds.</summary>
/// <remarks>
/// Every round measures the bare harness, the floor and the case in sequence, under the same load of the machine. The
/// bare harness is the harness around a program that does nothing. If a program lengthens the
/// frame, the harness has to shorten it; that cost is half the cost of moving the head there and back.
/// </remarks>
internal sealed class Measurement(Harness harness, BpfProgram pass, BpfProgram head, int rounds, int repeat)
{
    /// <summary>A ratio of smaller values would consist of rounding errors.</summary>
    private const double MinDivisorNs = 2;

    private const uint Pass = 2, Transmit = 3;

    /// <summary>Measures one side of a round.</summary>
    private readonly record struct Sample(double Bare, double Head, double Gross);

    internal CaseResult Measure(Comparison comparison)
    {
        Console.Error.WriteLine($"measuring {comparison.Name} ({rounds} rounds of {repeat} packets)");
        if (comparison.WarmUp > 0)
        {
            comparison.Prepare?.Invoke(comparison.WarmUp);
            Run(comparison.Case, comparison.WarmUp);
        }
        var samples = new List<(Sample Floor, Sample Case)>();
        // The first round only warms up caches.
        for (var round = -1; round < rounds; round++)
        {
            comparison.Prepare?.Invoke(repeat);
            var floor = Sampled(comparison.Floor);
            // The harness and the traffic are the same, so it is measured once.
            var same = comparison.Floor.Traffic == comparison.Case.Traffic
                && comparison.Floor.Verdict == comparison.Case.Verdict;
            var sample = (floor, same ? floor with { Gross = Run(comparison.Case, repeat) } : Sampled(comparison.Case));
            if (round >= 0)
                samples.Add(sample);
        }
        return Summarize(comparison, [.. samples.Select(static s => s.Floor)], [.. samples.Select(static s => s.Case)]);
    }

    private double Run(MeasuredProgram measured, int packets) =>
        harness.Measure(measured.Program, measured.Traffic, packets, measured.Verdict == XdpVerdict.Pass
            ? Pass : Transmit);

    private Sample Sampled(MeasuredProgram measured) => new(
        harness.Measure(pass, measured.Traffic, repeat, Pass),
        measured.Verdict == XdpVerdict.TxLonger ? harness.Measure(head, measured.Traffic, repeat, Transmit) : 0,
        Run(measured, repeat));

    private static CaseResult Summarize(Comparison comparison, Sample[] floor, Sample[] measured)
    {
        double[] netFloor = Net(comparison.Floor, floor), netCase = Net(comparison.Case, measured);
        Distribution floors = new(netFloor), cases = new(netCase), bare = new(measured.Select(static s => s.Bare));
        var over = new Distribution(netCase.Zip(netFloor, static (c, f) => c - f)).Median;
        double? times = floors.Median >= MinDivisorNs ? cases.Median / floors.Median : null;
        var figure = comparison.Bound?.Figure switch
        {
            Figure.OverFloorNs => over,
            Figure.Times => times,
            Figure.NetNs => cases.Median,
            _ => null,
        };
        return new CaseResult(comparison.Name, cases.Median, cases.Quartile1, cases.Quartile3, cases.Min,
            comparison.Floor.Name, floors.Median, floors.Quartile1, floors.Quartile3, floors.Min,
            over, times, bare.Quartile1, bare.Quartile3, comparison.Bound, figure <= comparison.Bound?.Limit);
    }

    /// <summary>Time of each round without the harness and its restoring of the frame.</summary>
    private static double[] Net(MeasuredProgram measured, Sample[] samples)
    {
        var undo = measured.Verdict == XdpVerdict.TxLonger
            ? new Distribution(samples.Select(static s => (s.Head - s.Bare) / 2)).Median : 0;
        return [.. samples.Select(s => s.Gross - s.Bare - undo)];
    }
}
