using System.Buffers.Binary;
using System.Globalization;
using Sidestep.ConformanceTests.Xdp;
using Sidestep.Forwarding;
using Sidestep.Packets;

namespace Sidestep.ConformanceTests.Engine;

/// <summary>Frames run through the program continuously while the tables change. Version N marks everything that a
/// frame can take from it: both Ethernet addresses are N, odd versions encapsulate, even ones do not. A frame that uses
/// data of two versions is therefore visible. ARP requests run in between.</summary>
[Collection(SerialEngines.Name)]
public sealed class AtomicUpdateTests(Engines engines)
{
    private const uint Vip = 0xcb00_7101;
    private const int Versions = 200;

    [Fact]
    public async Task No_frame_sees_a_mixture_of_two_table_versions()
    {
        var engine = (Sidestep.Engine.Xdp.XdpEngine)engines[Engines.OneArm];
        engine.Apply(Version(0));
        using var stop = new CancellationTokenSource();
        var frames = Task.Run(() => Run(engine, stop.Token), TestContext.Current.CancellationToken);
        ForwardingTables? previous = null;
        for (var version = 1; version <= Versions; version++)
            engine.Apply(previous = Version(version, previous));
        // The last version is in force before the last frame.
        await stop.CancelAsync();
        var (seen, problem) = await frames;

        Assert.Null(problem);
        Assert.True(seen > Versions / 4, $"frames met only {seen} of {Versions} versions");
    }

    private static ForwardingTables Version(int version, ForwardingTables? previous = null)
    {
        // Ids of servers and slot ranges change, too.
        var servers = Enumerable.Range(0, 1 + version % 5)
            .Select(i => string.Create(CultureInfo.InvariantCulture, $"v{version % 3}s{10 * (version % 7) + i}"));
        var mac = new MacAddress(0x02_00_00_00_00_00 + (ulong)version);
        var tables = TestTables.Compile([TestTables.Pool("p", [.. servers])],
            [TestTables.Service($"v{version % 2}", "p", l3: version % 2 == 1)], previous, mac, mac);
        // The ingress interface keeps its address, or the frames would not be for the director.
        return tables with
        {
            Interfaces = [TestTables.Egress()],
            Vips = [.. tables.Vips.Select(v => v with { RespondsToArp = version % 2 == 0 })],
        };
    }

    /// <summary>Runs until cancelled. Returns the number of versions seen, and the first mixture.</summary>
    private static (int Seen, string? Problem) Run(Sidestep.Engine.Xdp.XdpEngine engine, CancellationToken stop)
    {
        using var program = engine.Program();
        var (datagram, arp, output) = (TestTables.Datagram(Vip, 53), TestTables.ArpRequest(Vip), new byte[256]);
        var (seen, last) = (0, -1L);
        while (!stop.IsCancellationRequested)
        {
            foreach (var frame in new[] { datagram, arp })
            {
                var run = program.Run(frame, output, ingressInterface: TestTables.InterfaceIndex);
                var (version, problem) = frame == datagram
                    ? Forwarded(run.ReturnValue, output.AsSpan(0, run.Length))
                    : Replied(run.ReturnValue, output);
                if (problem is null && version is { } v && v < last)
                    problem = $"version {v} after version {last}";
                if (problem is not null)
                    return (seen, $"{problem}: {Convert.ToHexString(output.AsSpan(0, run.Length))}");
                if (version is { } newer && newer > last)
                {
                    last = newer;
                    seen++;
                }
            }
        }
        return (seen, null);
    }

    private static (long? Version, string? Problem) Forwarded(uint action, ReadOnlySpan<byte> frame)
    {
        if (action != (uint)XdpAction.Transmit)
            return (null, $"a datagram met action {action}");
        var (server, director) = (VersionOf(frame), VersionOf(frame[6..]));
        var encapsulated = frame.Length == 60 + 20;
        return server != director ? (null, $"server of version {server}, director of version {director}")
            : encapsulated != (server % 2 == 1)
                ? (null, $"version {server}, {(encapsulated ? "" : "not ")}encapsulated")
            : (server, null);
    }

    private static (long? Version, string? Problem) Replied(uint action, ReadOnlySpan<byte> frame) =>
        action == (uint)XdpAction.Pass ? (null, null)
        : action == (uint)XdpAction.Transmit && MacAddress.Read(frame[6..]) == TestTables.DirectorMac ? (null, null)
        : (null, $"an ARP request met action {action}");

    private static long VersionOf(ReadOnlySpan<byte> mac) => BinaryPrimitives.ReadUInt32BigEndian(mac[2..]);
}
