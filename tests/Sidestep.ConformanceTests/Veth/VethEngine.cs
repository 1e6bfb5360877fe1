using System.Collections.Immutable;
using Sidestep.ConformanceTests.Cases;
using Sidestep.Engine.Managed;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Native;
using Sidestep.Testing;
using NetworkNamespace = Sidestep.Testing.NetworkNamespace;

namespace Sidestep.ConformanceTests.Veth;

/// <summary>The managed engine on real interfaces: a frame goes in at the far end of a cable, and what comes out does so at the far
/// end of one. The case table's interfaces are as many cables between two namespaces.</summary>
internal sealed class VethEngine : IDisposable
{
    /// <summary>What AF_XDP takes in one piece on a virtual cable, and more than any row that is about something else than size.</summary>
    public const int MtuBytes = 3000;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>A program may leave a frame to the kernel without any worker having seen it: so long is waited for nobody to see it.</summary>
    private static readonly TimeSpan SettleTime = TimeSpan.FromMilliseconds(30);

    private readonly NetworkNamespace _director = new("director", "ssc"), _peer = new("others", "ssc");
    private readonly Dictionary<string, int> _indexes = [], _peerIndexes = [];
    private readonly Dictionary<string, PacketRing> _peerRings = [];
    private readonly Dictionary<string, TransmitRing> _transmitRings = [];
    private readonly List<string> _problems = [];
    private readonly ManagedEngine _engine;

    /// <param name="driver">How frames are taken.</param>
    /// <param name="interfaces">By name, with the Ethernet address of the director's end.</param>
    public VethEngine(Driver driver, IReadOnlyDictionary<string, string> interfaces)
    {
        // Nothing but what the test sends.
        foreach (var side in new[] { _director, _peer })
            side.Run("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1");
        foreach (var (name, mac) in interfaces)
        {
            Shell.Run("ip", "link", "add", name, "netns", _director.Name, "type", "veth", "peer", "name", name, "netns", _peer.Name);
            _director.Ip($"link set {name} address {mac} mtu {MtuBytes} up");
            _peer.Ip($"link set {name} mtu {MtuBytes} up");
            // The far end polls, or nothing that is redirected arrives.
            _peer.Run("ethtool", "-K", name, "gro", "on");
            _director.Run("ethtool", "-K", name, "tx", "off");
        }
        foreach (var name in interfaces.Keys)
        {
            _indexes[name] = _director.Inside(() => Kernel.InterfaceIndex(name))!.Value;
            _peerIndexes[name] = _peer.Inside(() => Kernel.InterfaceIndex(name))!.Value;
            _peerRings[name] = _peer.Inside(() => PacketRing.Open(_peerIndexes[name], MtuBytes));
            _transmitRings[name] = _peer.Inside(() => TransmitRing.Open(_peerIndexes[name]));
        }
        _engine = _director.Inside(() =>
        {
            var engine = ManagedEngine.ForInterfaces(flowTableSize: 4096, path: null, _problems.Add, workers: 1);
            Assert.All(engine.Attach([.. interfaces.Keys.Select(n => new DirectorInterface(n, driver))]), a => Assert.Equal(driver, a.Driver));
            return engine;
        });
    }

    public ManagedEngine Engine => _engine;

    /// <summary>Compiles for these cables and applies.</summary>
    public ForwardingTables Apply(Step step, ForwardingTables? previous)
    {
        var tables = TableCompiler.Compile(step.Given.Configuration, WithRealIndexes(step.Given.NextHops), previous, step.Now, _engine.ReadFlows);
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
        foreach (var end in _peerRings.Values)
            Assert.Null(Next(end));
        var before = FramesProcessed;
        _transmitRings[entrance].Add(frame);
        _transmitRings[entrance].Flush();
        Assert.Equal(0, _transmitRings[entrance].Lost);
        (string, byte[])? Came()
        {
            foreach (var (name, end) in _peerRings)
            {
                if (Next(end) is { } came)
                    return (name, came);
            }
            return null;
        }
        (string, byte[])? result = null;
        if (comesOut)
            Assert.True(SpinWait.SpinUntil(() => (result = Came()) is not null, Timeout), $"nothing came out within {Timeout.TotalSeconds} s; {string.Join("; ", _problems)}");
        if (isCounted is not null)
            SpinWait.SpinUntil(isCounted, Timeout);
        else if (!comesOut)
            SpinWait.SpinUntil(() => FramesProcessed > before, SettleTime);
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
        foreach (var entrance in _transmitRings.Values)
            entrance.Dispose();
        foreach (var end in _peerRings.Values)
            end.Dispose();
        _director.Dispose();
        _peer.Dispose();
    }

    private long FramesProcessed => _engine.Workers.Sum(static w => w.Counters.Frames);

    private static byte[]? Next(PacketRing end)
    {
        if (!end.TryNext(out var frame))
            return null;
        var bytes = frame.Buffer.Slice(frame.Start, frame.Length).ToArray();
        end.Release();
        return bytes;
    }

    /// <summary>The same with the kernel's numbers of the cables.</summary>
    private NextHops WithRealIndexes(NextHops hops)
    {
        EgressInterface Real(EgressInterface one) => one with { Index = _indexes[one.Name] };
        return hops with
        {
            Interfaces = [.. hops.Interfaces.Select(Real)],
            Servers = hops.Servers.ToImmutableDictionary(static s => s.Key, s => s.Value with { Egress = Real(s.Value.Egress) }),
        };
    }
}
