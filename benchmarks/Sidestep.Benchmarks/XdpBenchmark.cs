using System.Net;
using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Benchmarks;

/// <summary>Net nanoseconds per packet of the XDP program by BPF_PROG_TEST_RUN: 100 servers, a slot table of the default size.</summary>
/// <remarks>
/// Every round measures the bare harness, the floor and the case after one another, so that all see the same machine. The
/// bare harness is the harness around a program that does nothing. Where a case leaves the frame longer, the harness has
/// to undo that; what it costs is taken as half of what moving the head there and back costs.
/// </remarks>
internal static class XdpBenchmark
{
    private const uint Pass = 2, Transmit = 3;
    private const int Servers = 100;
    private static readonly IPAddress L2Vip = IPAddress.Parse("198.18.0.1"), L3Vip = IPAddress.Parse("198.18.0.2"), NoVip = IPAddress.Parse("198.18.0.3");

    private sealed record Case(string Name, IPAddress Destination, int Flows, string Floor, uint Action);

    private static readonly Case[] Cases =
    [
        new("pass", NoVip, 100_000, "pass", Pass),
        new("l2-1flow", L2Vip, 0, "mac-rewrite", Transmit),
        new("l2-100kflows", L2Vip, 100_000, "mac-rewrite", Transmit),
        new("ipip-1flow", L3Vip, 0, "encapsulate", Transmit),
        new("ipip-100kflows", L3Vip, 100_000, "encapsulate", Transmit),
    ];

    internal static IReadOnlyList<CaseResult> Run(int rounds, int repeat, string? only)
    {
        using var engine = XdpEngine.LoadDetached();
        engine.Apply(Tables());
        using var harness = new Harness();
        using var floors = Harness.Load("floor.bpf.o");
        using var director = engine.Program();
        using var pass = floors.Program("floor_pass");
        using var head = floors.Program("floor_head");
        using var mac = floors.Program("floor_mac");
        using var encapsulate = floors.Program("floor_encapsulate");

        var results = new List<CaseResult>();
        foreach (var c in Cases.Where(c => only is null || c.Name.Contains(only, StringComparison.Ordinal)))
        {
            Console.Error.WriteLine($"measuring {c.Name} ({rounds} rounds of {repeat} packets)");
            var frame = Frame(c.Destination);
            var (floor, lengthens) = c.Floor switch
            {
                "pass" => (pass, false),
                "mac-rewrite" => (mac, false),
                _ => (encapsulate, true),
            };
            var samples = new List<(double Bare, double Head, double Floor, double Case)>();
            // The first round only warms the caches.
            for (var round = -1; round < rounds; round++)
            {
                var sample = (
                    harness.Measure(pass, frame, c.Flows, repeat, Pass),
                    lengthens ? harness.Measure(head, frame, c.Flows, repeat, Transmit) : 0,
                    harness.Measure(floor, frame, c.Flows, repeat, c.Floor == "pass" ? Pass : Transmit),
                    harness.Measure(director, frame, c.Flows, repeat, c.Action));
                if (round >= 0)
                    samples.Add(sample);
            }
            results.Add(Summarize(c, samples, lengthens));
        }
        return results;
    }

    private static CaseResult Summarize(Case c, List<(double Bare, double Head, double Floor, double Case)> samples, bool lengthens)
    {
        double Net(Func<IEnumerable<double>, double> of, Func<(double Bare, double Head, double Floor, double Case), double> value)
        {
            var bare = of(samples.Select(static s => s.Bare));
            var undo = lengthens ? (of(samples.Select(static s => s.Head)) - bare) / 2 : 0;
            return of(samples.Select(value)) - bare - undo;
        }
        return new CaseResult(c.Name, Net(Median, static s => s.Case), Net(Enumerable.Min, static s => s.Case),
            c.Floor, Net(Median, static s => s.Floor), Net(Enumerable.Min, static s => s.Floor));
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[sorted.Length / 2] + sorted[(sorted.Length - 1) / 2]) / 2;
    }

    private static ForwardingTables Tables()
    {
        var egress = new EgressInterface(1, "lo", new MacAddress(0x020000000001), IPAddress.Parse("192.0.2.1"), 1500);
        var servers = Enumerable.Range(0, Servers).Select(static i => IPAddress.Parse($"192.0.2.{i + 10}")).ToArray();
        var configuration = new Configuration
        {
            Director = new DirectorSettings { Interfaces = [new DirectorInterface("lo", DriverMode.Generic)], HashKey = new HashKey(0x243f6a8885a308d3, 0x13198a2e03707344) },
            NetworkProfiles = [new NetworkProfile { Name = "l2", DsrType = DsrType.L2 }],
            Pools = [new Pool { Name = "web", Servers = [.. servers.Select(static (a, i) => new RealServer { Name = $"web{i}", Address = a })] }],
            VirtualServices =
            [
                new VirtualService { Name = "l2", Vips = [new IPNetwork(L2Vip, 32)], Protocol = TransportProtocol.Tcp, Ports = [PortRange.One(80)], Pool = "web", NetworkProfile = "l2" },
                new VirtualService { Name = "l3", Vips = [new IPNetwork(L3Vip, 32)], Protocol = TransportProtocol.Tcp, Ports = [PortRange.One(80)], Pool = "web" },
            ],
        };
        var hops = servers.Select(static (a, i) => (a, i)).ToDictionary(static s => s.a, s => new NextHop(egress, new MacAddress(0x02000000_1000 + (ulong)s.i)));
        return TableCompiler.Compile(configuration, new NextHops([egress], hops, new Dictionary<IPAddress, string>()));
    }

    /// <summary>A 60-byte frame with a TCP acknowledgement from 11.0.0.1.</summary>
    private static byte[] Frame(IPAddress destination)
    {
        var frame = new byte[60];
        new EthernetHeader(new MacAddress(0x020000000001), new MacAddress(0x020000000002), EtherType.Ipv4).Write(frame);
        var ip = frame.AsSpan(14);
        ip[0] = 0x45;
        ip[3] = 40;
        ip[8] = 64;
        ip[9] = (byte)TransportProtocol.Tcp;
        IPAddress.Parse("11.0.0.1").TryWriteBytes(ip[12..], out _);
        destination.TryWriteBytes(ip[16..], out _);
        ip[20] = 0x30; // source port 12345
        ip[21] = 0x39;
        ip[23] = 80;
        ip[32] = 0x50; // header length
        ip[33] = 0x10; // ACK
        return frame;
    }
}
