using System.Globalization;
using System.Text.Json;
using Sidestep.Native;
using Sidestep.Packets;
using Sidestep.SystemTests.Director;
using NetworkNamespace = Sidestep.Testing.NetworkNamespace;

namespace Sidestep.SystemTests.Managed;

/// <summary>A director and everybody else, with cables between the two that have as many queues as a test wants: by which of them a
/// frame comes, its sender says. Nothing else is on them.</summary>
internal sealed class Cables : IDisposable
{
    private readonly Dictionary<string, PacketRing> _ends = [];

    public Cables()
    {
        // What the network would say of itself.
        foreach (var side in new[] { Director, Others })
            side.Run("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1");
    }

    public NetworkNamespace Director { get; } = new("director", "ssd");

    public NetworkNamespace Others { get; } = new("others", "ssd");

    /// <summary>A cable with that many queues at both ends: a virtual cable hands a frame on to the queue by whose number it was sent.</summary>
    public void Add(string name, int queues)
    {
        var both = string.Create(CultureInfo.InvariantCulture, $"numrxqueues {queues} numtxqueues {queues}");
        Shell.Run($"ip link add {name} netns {Director.Name} {both} type veth peer name {name} netns {Others.Name} {both}".Split(' '));
        Director.Run("ethtool", "-K", name, "tx", "off");
        Director.Ip($"link set {name} up");
        Others.Ip($"link set {name} up");
        _ends[name] = Others.Inside(() => PacketRing.Open(Kernel.InterfaceIndex(name)!.Value, mtuBytes: 1500));
    }

    /// <summary>Sends from a CPU whose number a queue has: packet sockets that go past queueing disciplines send by the queue of
    /// their CPU (packet_pick_tx_queue of the kernel).</summary>
    public void Send(string cable, int queue, int queues, IReadOnlyList<byte[]> frames) => Others.Inside(() =>
    {
        Kernel.PinThread(Kernel.AllowedCpus.First(c => c % queues == queue));
        using var sender = TransmitRing.Open(Kernel.InterfaceIndex(cable)!.Value);
        foreach (var frame in frames)
            sender.Add(frame);
        sender.Flush();
        Assert.Equal(0, sender.Lost);
        return true;
    });

    /// <summary>What has come out of a cable since this was asked last.</summary>
    public IEnumerable<byte[]> CameOut(string cable)
    {
        while (_ends[cable].TryNext(out var frame))
        {
            var bytes = frame.Room.Slice(frame.Start, frame.Length).ToArray();
            _ends[cable].Release();
            yield return bytes;
        }
    }

    /// <summary>The Ethernet address of the director's end.</summary>
    public MacAddress MacOf(string cable) =>
        MacAddress.TryParse(Lan.MacOf(Director, cable), out var mac) ? mac : throw new InvalidOperationException($"{cable} has no Ethernet address");

    /// <summary>How many frames the kernel has handed to everybody else, in all.</summary>
    public long Received(string cable) => Counters(Others, cable).GetProperty("rx").GetProperty("packets").GetInt64();

    /// <summary>How many frames of a queue XDP has handed on, to a socket, as the device counts them.</summary>
    public long HandedOn(string cable, int queue)
    {
        var field = string.Create(CultureInfo.InvariantCulture, $"rx_queue_{queue}_xdp_redirect:");
        var line = Director.Run("ethtool", "-S", cable).Split('\n').Single(l => l.Contains(field, StringComparison.Ordinal));
        return long.Parse(line.Split(':')[1], CultureInfo.InvariantCulture);
    }

    public void Dispose()
    {
        foreach (var end in _ends.Values)
            end.Dispose();
        Director.Dispose();
        Others.Dispose();
    }

    private static JsonElement Counters(NetworkNamespace place, string cable)
    {
        using var document = JsonDocument.Parse(place.Ip($"-j -s link show dev {cable}"));
        return document.RootElement[0].GetProperty("stats64").Clone();
    }
}
