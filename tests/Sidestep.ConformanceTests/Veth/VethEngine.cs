using System.Collections.Immutable;
using Sidestep.ConformanceTests.Cases;
using Sidestep.Engine.Managed;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Native;
using Sidestep.Testing;
using NetworkNamespace = Sidestep.Testing.NetworkNamespace;

namespace Sidestep.ConformanceTests.Veth;

/// <summary>The managed engine on real interfaces: a frame is sent into the far end of a cable, and a frame that the
/// director sends arrives at the far end of a cable. Each interface of the case table is a cable between two
/// namespaces.</summary>
internal sealed class VethEngine : IDisposable
{
    /// <summary>MTU of the cables: the most that AF_XDP receives in one piece on veth, and more than any row needs that
    /// is not about size.</summary>
    public const int MtuBytes = 3000;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>How long to wait for a frame that the program may pass to the kernel without a worker seeing
    /// it.</summary>
    private static readonly TimeSpan SettleTime = TimeSpan.FromMilliseconds(30);

    private readonly NetworkNamespace _director = new("director", "ssc"), _peer = new("others", "ssc");
    private readonly Dictionary<string, int> _indexes = [], _peerIndexes = [];
    private readonly Dictionary<string, PacketRing> _peerRings = [];
    private readonly Dictionary<string, TransmitRing> _transmitRings = [];
    private readonly List<string> _problems = [];
    private readonly ManagedEngine _engine;

    /// <param name="driver">Driver of the engine.</param>
    /// <param name="interfaces">Interfaces by name, with the Ethernet address of the director's end.</param>
    public VethEngine(Driver driver, IReadOnlyDictionary<string, string> interfaces)
    {
        // Only frames of the test.
        foreach (var side in new[] { _director, _peer })
            side.Run("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1");
        foreach (var (name, mac) in interfaces)
        {
            Shell.Run("ip", "link", "add", name, "netns", _director.Name, "type", "veth", "peer", "name", name, "netns",
                _peer.Name);
            _director.Ip($"link set {name} address {mac} mtu {MtuBytes} up");
            _peer.Ip($"link set {name} mtu {MtuBytes} up");
            // The far end must poll, or no redirected frame arrives.
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
            Assert.All(engine.Attach([.. interfaces.Keys.Select(n => new DirectorInterface(n, driver))]),
                a => Assert.Equal(driver, a.Driver));
            return engine;
        });
    }

    public ManagedEngine Engine => _engine;

    /// <summary>Compiles tables for these cables and applies them.</summary>
    public ForwardingTables Apply(Step step, ForwardingTables? previous)
    {
        var tables = TableCompiler.Compile(
            step.Given.Configuration, WithRealIndexes(step.Given.NextHops), previous, step.Now, _engine.ReadFlows);
        _director.Inside(() =>
        {
            _engine.Apply(tables);
            return true;
        });
        return tables;
    }

    /// <summary>Sends a frame to the director and waits until it is processed.</summary>
    /// <param name="entrance">Name of the cable.</param>
    /// <param name="frame">The frame, starting with the Ethernet header.</param>
    /// <param name="comesOut">Whether the director should send a frame.</param>
    /// <param name="isCounted">Whether the expected counters have been reached; null when none is expected.</param>
    /// <returns>The frame and its cable; null when none arrived.</returns>
    public (string Interface, byte[] Frame)? Exchange(
        string entrance, byte[] frame, bool comesOut, Func<bool>? isCounted)
    {
        foreach (var end in _peerRings.Values)
            Assert.Null(Next(end));
        var before = FramesProcessed;
        _transmitRings[entrance].Add(frame);
        _transmitRings[entrance].Flush();
        Assert.Equal(0, _transmitRings[entrance].Lost);
        (string, byte[])? Received()
        {
            foreach (var (name, end) in _peerRings)
            {
                if (Next(end) is { } received)
                    return (name, received);
            }
            return null;
        }
        (string, byte[])? result = null;
        if (comesOut)
            Assert.True(SpinWait.SpinUntil(() => (result = Received()) is not null, Timeout),
                $"no frame arrived within {Timeout.TotalSeconds} s; {string.Join("; ", _problems)}");
        if (isCounted is not null)
            SpinWait.SpinUntil(isCounted, Timeout);
        else if (!comesOut)
            SpinWait.SpinUntil(() => FramesProcessed > before, SettleTime);
        Assert.Empty(_problems);
        return result ?? Received();
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

    /// <summary>The next hops with the kernel's indexes of the cables.</summary>
    private NextHops WithRealIndexes(NextHops hops)
    {
        EgressInterface Real(EgressInterface one) => one with { Index = _indexes[one.Name] };
        return hops with
        {
            Interfaces = [.. hops.Interfaces.Select(Real)],
            Servers = hops.Servers.ToImmutableDictionary(
                static s => s.Key, s => s.Value with { Egress = Real(s.Value.Egress) }),
        };
    }
}
