using Sidestep.Native;

namespace Sidestep.Benchmarks.Veth;

/// <summary>A case of the end-to-end benchmark.</summary>
/// <param name="Name">Name of the case.</param>
/// <param name="What">Description of the forwarder.</param>
/// <param name="PacketsPerCpuSecondMedian">Packets per second of one CPU that generates, forwards and receives
/// them.</param>
/// <param name="PacketsPerCpuSecondQuartile1">First quartile of the rounds.</param>
/// <param name="PacketsPerCpuSecondQuartile3">First or third quartile: a quarter was faster.</param>
/// <param name="NsPerPacketMedian">The same as nanoseconds per packet.</param>
/// <param name="TimesFloor">Median of this time divided by that of the floor in the same round.</param>
/// <param name="TimesFloorQuartile1">First quartile of that ratio.</param>
/// <param name="TimesFloorQuartile3">Third quartile of that ratio.</param>
/// <param name="TimesDirector">For alternatives: the time divided by that of the director at layer 2.</param>
/// <param name="Sent">Packets sent in all rounds.</param>
/// <param name="Arrived">Packets that arrived.</param>
/// <param name="Servers">Number of different servers that they arrived at.</param>
internal sealed record VethResult(
    string Name, string What, double PacketsPerCpuSecondMedian, double PacketsPerCpuSecondQuartile1,
        double PacketsPerCpuSecondQuartile3,
    double NsPerPacketMedian, double TimesFloor, double TimesFloorQuartile1, double TimesFloorQuartile3,
        double? TimesDirector,
    long Sent, long Arrived, int Servers);

/// <summary>The results of one run of <c>bench veth</c>.</summary>
internal sealed record VethResults(MachineInfo Machine, int Flows, IReadOnlyList<VethResult> Cases,
    IReadOnlyList<NotMeasured> NotMeasured);

/// <summary>
/// Measures packets from end to end: generated in the kernel, sent through a veth pair, forwarded, returned and
/// counted. All of it happens on one CPU, so that its time is the total cost. Each round measures all forwarders, one
/// after another.
/// </summary>
internal sealed class VethBenchmark(TrafficGenerator generator, int rounds)
{
    internal const int Flows = 100_000;

    private const string Floor = "veth-floor", Director = "veth-l2";

    // Long enough to make the kernel's setup of its sender negligible, short enough for many rounds.
    private const double RoundSeconds = 0.05;
    private const int FirstPackets = 20_000, MinPackets = 1_000, MaxPackets = 1_000_000;

    /// <summary>Creates the veth pairs and forwarders, measures, and removes everything.</summary>
    internal static VethResults Run(int rounds, int cpu)
    {
        var before = MachineInfo.Load();
        using var testbed = new Testbed();
        using var cleanup = new CleanupOnSignal(testbed);
        using var floors = new Floors();
        using var generator = new TrafficGenerator(new CpuClock(cpu));

        var floor = Testbed.CreateVeth("floor");
        Testbed.Enter(Testbed.ForwarderNamespace);
        using var link = XdpLink.Create(floors.Encapsulate, floor.ForwarderIndex, native: true);
        using var director = new XdpDirector(Testbed.CreateVeth("director"));
        List<Forwarder> forwarders =
        [
            new(Floor, "encapsulates, chooses nothing", floor, director.Forwarders[0].Vip, true, 1),
            .. director.Forwarders,
        ];
        var missing = new List<NotMeasured>();
        void Try(string name, string veth, Func<VethPair, Forwarder> make)
        {
            try
            {
                forwarders.Add(make(Testbed.CreateVeth(veth)));
            }
            catch (BenchmarkException e)
            {
                missing.Add(new NotMeasured(name, e.Message));
            }
        }
        Try(Alternatives.Nftables, "nftables", Alternatives.ByNftables);
        Try(Alternatives.Ipvs, "ipvs", Alternatives.ByIpvs);
        foreach (var veth in forwarders.Select(static f => f.Veth).Distinct())
            generator.Watch(veth);
        var cases = new VethBenchmark(generator, rounds).Measure(forwarders);
        return new VethResults(MachineInfo.Now(before), Flows, cases, missing);
    }

    private VethResult[] Measure(IReadOnlyList<Forwarder> forwarders)
    {
        var packets = forwarders.ToDictionary(static f => f.Name, f => PacketsPerRound(Checked(f, FirstPackets)));
        var rows = new List<Dictionary<string, SendResult>>();
        for (var round = 0; round < rounds; round++)
        {
            Console.Error.WriteLine($"round {round + 1} of {rounds}");
            rows.Add(forwarders.ToDictionary(static f => f.Name, f => Checked(f, packets[f.Name])));
        }
        return [.. forwarders.Select(f => Summarize(f, rows))];
    }

    private static int PacketsPerRound(SendResult sent) =>
        (int)Math.Clamp(sent.PerCpuSecond * RoundSeconds, MinPackets, MaxPackets);

    /// <summary>Rejects a result whose packets arrive nowhere, or at another number of servers than expected.</summary>
    private SendResult Checked(Forwarder forwarder, int packets)
    {
        var sent = generator.Send(forwarder.Veth, forwarder.Vip, Flows, packets, forwarder.Encapsulated);
        if (sent.Arrived == 0)
            throw new BenchmarkException($"{forwarder.Name}: of {packets} packets none arrived as expected");
        if (sent.Servers != forwarder.Servers)
            throw new BenchmarkException(
                $"{forwarder.Name}: packets arrived at {sent.Servers} servers instead of {forwarder.Servers}");
        return sent;
    }

    private static VethResult Summarize(Forwarder forwarder, IReadOnlyList<Dictionary<string, SendResult>> rows)
    {
        var own = rows.Select(r => r[forwarder.Name]).ToArray();
        var rate = new Distribution(own.Select(static s => s.PerCpuSecond));
        Distribution Against(string other) =>
            new(rows.Select(r => r[forwarder.Name].NsPerPacket / r[other].NsPerPacket));
        var times = Against(Floor);
        return new VethResult(
            forwarder.Name, forwarder.What, rate.Median, rate.Quartile1, rate.Quartile3,
                new Distribution(own.Select(static s => s.NsPerPacket)).Median,
            times.Median, times.Quartile1, times.Quartile3,
            forwarder.Name is Alternatives.Nftables or Alternatives.Ipvs ? Against(Director).Median : null,
            own.Sum(static s => (long)s.Packets), own.Sum(static s => s.Arrived), own.Max(static s => s.Servers));
    }
}
