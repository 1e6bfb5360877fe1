using Sidestep.Native;

namespace Sidestep.Benchmarks.Veth;

/// <summary>A case of the end-to-end benchmark.</summary>
/// <param name="Name">Of the case.</param>
/// <param name="What">What forwarded.</param>
/// <param name="PacketsPerCpuSecondMedian">Packets that arrived in a second of one CPU, in which it made them, forwarded them and took them.</param>
/// <param name="PacketsPerCpuSecondQuartile1">A quarter of the rounds was slower.</param>
/// <param name="PacketsPerCpuSecondQuartile3">A quarter was faster.</param>
/// <param name="NsPerPacketMedian">The same as time, of all that happens to a packet.</param>
/// <param name="TimesFloor">This time by that of the floor in the same round, the median.</param>
/// <param name="TimesFloorQuartile1">A quarter of the rounds was below.</param>
/// <param name="TimesFloorQuartile3">A quarter was above.</param>
/// <param name="TimesDirector">Of what does the director's job: the time by that of the director, at layer 2.</param>
/// <param name="Sent">Packets, of all rounds.</param>
/// <param name="Arrived">Of these.</param>
/// <param name="Servers">How many different servers they arrived at.</param>
internal sealed record VethResult(
    string Name, string What, double PacketsPerCpuSecondMedian, double PacketsPerCpuSecondQuartile1, double PacketsPerCpuSecondQuartile3,
    double NsPerPacketMedian, double TimesFloor, double TimesFloorQuartile1, double TimesFloorQuartile3, double? TimesDirector,
    long Sent, long Arrived, int Servers);

/// <summary>Everything that one run found out.</summary>
internal sealed record VethResults(MachineInfo Machine, int Flows, IReadOnlyList<VethResult> Cases, IReadOnlyList<NotMeasured> NotMeasured);

/// <summary>
/// Packets from end to end: made in the kernel, through a cable, forwarded, back through the cable, counted; all on one CPU,
/// so that a second of it is all that there is. Each round does this with everything that forwards, one after the other.
/// </summary>
internal sealed class VethBenchmark(TrafficGenerator generator, int rounds)
{
    internal const int Flows = 100_000;

    private const string Floor = "veth-floor", Director = "veth-l2";

    // Long enough that the kernel's setting up of its sender does not matter, short enough for many rounds.
    private const double RoundSeconds = 0.05;
    private const int FirstPackets = 20_000, MinPackets = 1_000, MaxPackets = 1_000_000;

    /// <summary>Makes the cables and what forwards, measures, and takes all of it away.</summary>
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

    /// <summary>What arrives nowhere, or always at the same server, is no figure of what it is said to be.</summary>
    private SendResult Checked(Forwarder forwarder, int packets)
    {
        var sent = generator.Send(forwarder.Veth, forwarder.Vip, Flows, packets, forwarder.Encapsulated);
        if (sent.Arrived == 0)
            throw new BenchmarkException($"{forwarder.Name}: of {packets} packets none arrived as it should");
        if (sent.Servers != forwarder.Servers)
            throw new BenchmarkException($"{forwarder.Name}: packets arrived at {sent.Servers} servers instead of {forwarder.Servers}");
        return sent;
    }

    private static VethResult Summarize(Forwarder forwarder, IReadOnlyList<Dictionary<string, SendResult>> rows)
    {
        var own = rows.Select(r => r[forwarder.Name]).ToArray();
        var rate = new Distribution(own.Select(static s => s.PerCpuSecond));
        Distribution Against(string other) => new(rows.Select(r => r[forwarder.Name].NsPerPacket / r[other].NsPerPacket));
        var times = Against(Floor);
        return new VethResult(
            forwarder.Name, forwarder.What, rate.Median, rate.Quartile1, rate.Quartile3, new Distribution(own.Select(static s => s.NsPerPacket)).Median,
            times.Median, times.Quartile1, times.Quartile3,
            forwarder.Name is Alternatives.Nftables or Alternatives.Ipvs ? Against(Director).Median : null,
            own.Sum(static s => (long)s.Packets), own.Sum(static s => s.Arrived), own.Max(static s => s.Servers));
    }
}
