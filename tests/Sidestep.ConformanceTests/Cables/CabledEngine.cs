using System.Collections.Immutable;
using Sidestep.ConformanceTests.Cases;
using Sidestep.Engine.Managed;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Native;
using Sidestep.Testing;
using NetworkNamespace = Sidestep.Testing.NetworkNamespace;

namespace Sidestep.ConformanceTests.Cables;

/// <summary>The managed engine on real interfaces: a frame goes in at the far end of a cable, and what comes out does so at the far
/// end of one. The case table's interfaces are as many cables between two namespaces.</summary>
internal sealed class CabledEngine : IDisposable
{
    /// <summary>What AF_XDP takes in one piece on a virtual cable, and more than any row that is about something else than size.</summary>
    public const int MtuBytes = 3000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>A program may leave a frame to the kernel without any worker having seen it: so long is waited for nobody to see it.</summary>
    private static readonly TimeSpan Unseen = TimeSpan.FromMilliseconds(30);

    private readonly NetworkNamespace _director = new("director", "ssc"), _others = new("others", "ssc");
    private readonly Dictionary<string, int> _indexes = [], _farIndexes = [];
    private readonly Dictionary<string, PacketRing> _ends = [];
    private readonly Dictionary<string, TransmitRing> _entrances = [];
    private readonly List<string> _problems = [];
    private readonly ManagedEngine _engine;

    /// <param name="driver">How frames are taken.</param>
    /// <param name="interfaces">By name, with the Ethernet address of the director's end.</param>
    public CabledEngine(Driver driver, IReadOnlyDictionary<string, string> interfaces)
    {
        // Nothing but what the test sends.
        foreach (var side in new[] { _director, _others })
            side.Run("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1");
        foreach (var (name, mac) in interfaces)
        {
            Shell.Run("ip", "link", "add", name, "netns", _director.Name, "type", "veth", "peer", "name", name, "netns", _others.Name);
            _director.Ip($"link set {name} address {mac} mtu {MtuBytes} up");
            _others.Ip($"link set {name} mtu {MtuBytes} up");
            // The far end polls, or nothing that is redirected arrives.
            _others.Run("ethtool", "-K", name, "gro", "on");
            _director.Run("ethtool", "-K", name, "tx", "off");
        }
        foreach (var name in interfaces.Keys)
        {
            _indexes[name] = _director.Inside(() => Kernel.InterfaceIndex(name))!.Value;
            _farIndexes[name] = _others.Inside(() => Kernel.InterfaceIndex(name))!.Value;
            _ends[name] = _others.Inside(() => PacketRing.Open(_farIndexes[name], MtuBytes));
            _entrances[name] = _others.Inside(() => TransmitRing.Open(_farIndexes[name]));
        }
        _engine = _director.Inside(() =>
        {
            var engine = ManagedEngine.ForInterfaces(rememberedFlows: 4096, path: null, _problems.Add, workers: 1);
            Assert.All(engine.Attach([.. interfaces.Keys.Select(n => new DirectorInterface(n, driver))]), a => Assert.Equal(driver, a.Driver));
            return engine;
        });
    }

    public ManagedEngine Engine => _engine;

    /// <summary>Compiles for these cables and applies.</summary>
    public ForwardingTables Apply(Step step, ForwardingTables? previous)
    {
        var tables = TableCompiler.Compile(step.Given.Configuration, Here(step.Given.NextHops), previous, step.Now, _engine.ReadFlows);
        _director.Inside(() =>
        {
            _engine.Apply(tables);
            return true;
        });
        return tables;
    }

    /// <summary>Sends a frame to the director and waits until it has been dealt with.</summary>
    /// <param name="entrance">Into this cable.</param>
    /// <param name="frame">From the Ethernet header on.</param>
    /// <param name="comesOut">Whether something is to come out.</param>
    /// <param name="isCounted">Whether it is counted as it is to be; null: it is not to be counted.</param>
    /// <returns>What came out, with the interface; null: nothing.</returns>
    public (string Interface, byte[] Frame)? Exchange(string entrance, byte[] frame, bool comesOut, Func<bool>? isCounted)
    {
        foreach (var end in _ends.Values)
            Assert.Null(Next(end));
        var before = Seen;
        _entrances[entrance].Add(frame);
        _entrances[entrance].Flush();
        Assert.Equal(0, _entrances[entrance].Lost);
        (string, byte[])? Came()
        {
            foreach (var (name, end) in _ends)
            {
                if (Next(end) is { } came)
                    return (name, came);
            }
            return null;
        }
        (string, byte[])? result = null;
        if (comesOut)
            Assert.True(SpinWait.SpinUntil(() => (result = Came()) is not null, Patience), $"nothing came out within {Patience.TotalSeconds} s; {string.Join("; ", _problems)}");
        if (isCounted is not null)
            SpinWait.SpinUntil(isCounted, Patience);
        else if (!comesOut)
            SpinWait.SpinUntil(() => Seen > before, Unseen);
        Assert.Empty(_problems);
        return result ?? Came();
    }

    public void Dispose()
    {
        _director.Inside(() =>
        {
            _engine.Remove();
            return true;
        });
        _engine.Dispose();
        foreach (var entrance in _entrances.Values)
            entrance.Dispose();
        foreach (var end in _ends.Values)
            end.Dispose();
        _director.Dispose();
        _others.Dispose();
    }

    private long Seen => _engine.Workers.Sum(static w => w.Figures.Frames);

    private static byte[]? Next(PacketRing end)
    {
        if (!end.TryNext(out var frame))
            return null;
        var bytes = frame.Room.Slice(frame.Start, frame.Length).ToArray();
        end.Release();
        return bytes;
    }

    /// <summary>The same with the kernel's numbers of the cables.</summary>
    private NextHops Here(NextHops hops)
    {
        EgressInterface Real(EgressInterface one) => one with { Index = _indexes[one.Name] };
        return hops with
        {
            Interfaces = [.. hops.Interfaces.Select(Real)],
            Servers = hops.Servers.ToImmutableDictionary(static s => s.Key, s => s.Value with { Egress = Real(s.Value.Egress) }),
        };
    }
}
