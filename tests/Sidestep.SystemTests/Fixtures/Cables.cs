using System.Globalization;
using System.Text.Json;
using Sidestep.Native;
using Sidestep.Packets;
using NetworkNamespace = Sidestep.Testing.NetworkNamespace;

namespace Sidestep.SystemTests.Fixtures;

/// <summary>A director and a far end, with cables between the two that have as many queues as a test needs. The
/// sender of a frame chooses its queue. There is no other traffic on the cables.</summary>
internal sealed class Cables : IDisposable
{
    private static readonly bool MachineHasLinks = Directory.Exists("/sys/class/net/near1");
    private static readonly SemaphoreSlim Links = new(1);
    private readonly Dictionary<string, PacketRing> _ends = [];
    private readonly Dictionary<string, int> _links = [];

    public Cables()
    {
        // No frames that the kernel sends by itself.
        foreach (var side in new[] { Director, FarEnd })
            side.Run("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1");
    }

    public NetworkNamespace Director { get; } = new("director", "ssd");

    public NetworkNamespace FarEnd { get; } = new("others", "ssd");

    /// <summary>A cable with this number of queues at both ends: veth delivers a frame to the queue with the number
    /// of the sending queue.</summary>
    public void Add(string name, int queues)
    {
        var both = string.Create(CultureInfo.InvariantCulture, $"numrxqueues {queues} numtxqueues {queues}");
        Shell.Run(
            ($"ip link add {name} netns {Director.Name} {both} type veth "
                + $"peer name {name} netns {FarEnd.Name} {both}").Split(' '));
        Director.Run("ethtool", "-K", name, "tx", "off");
        BringUp(name);
    }

    /// <summary>A link between two devices of the machine, where it has one (eng/other-kernel --links); elsewhere a
    /// veth pair with one queue. One test at a time uses the links.</summary>
    public void AddLink(string name, int number)
    {
        if (!MachineHasLinks)
        {
            Add(name, queues: 1);
            return;
        }
        if (_links.Count == 0)
            Links.Wait();
        _links[name] = number;
        foreach (var (end, netns) in Ends(number))
            Shell.Run("ip", "link", "set", end, "netns", netns.Name, "name", name);
        // The destinations do not exist, so that a device would filter the frames.
        FarEnd.Ip($"link set {name} promisc on");
        BringUp(name);
    }

    /// <summary>Whether AF_XDP has zero copy on such a link: virtio_net has it from Linux 6.13 on.</summary>
    public static bool LinksAreZeroCopy => MachineHasLinks && Environment.OSVersion.Version >= new Version(6, 13);

    private void BringUp(string name)
    {
        Director.Ip($"link set {name} up");
        FarEnd.Ip($"link set {name} up");
        _ends[name] = FarEnd.Inside(() => PacketRing.Open(Kernel.InterfaceIndex(name)!.Value, mtuBytes: 1500));
    }

    private IEnumerable<(string Name, NetworkNamespace Place)> Ends(int number) =>
        [(string.Create(CultureInfo.InvariantCulture, $"near{number}"), Director),
        (string.Create(CultureInfo.InvariantCulture, $"far{number}"), FarEnd)];

    /// <summary>Sends by one queue, from the CPU with its number: packet sockets that bypass queueing disciplines use
    /// the queue of their CPU (packet_pick_tx_queue of the kernel). The device must accept all frames, unless loss is
    /// allowed.</summary>
    public void Send(string cable, int queue, int queues, IReadOnlyList<byte[]> frames, bool allowLoss = false) =>
        FarEnd.Inside(() =>
    {
        Kernel.PinThread(Kernel.AllowedCpus.First(c => c % queues == queue));
        using var sender = TransmitRing.Open(Kernel.InterfaceIndex(cable)!.Value);
        foreach (var frame in frames)
            sender.Add(frame);
        sender.Flush();
        Assert.True(allowLoss || sender.Lost == 0, $"the device at the far end did not accept {sender.Lost} frames");
        return true;
    });

    /// <summary>The frames that have left a cable since the last call.</summary>
    public IEnumerable<byte[]> TakeReceived(string cable)
    {
        while (_ends[cable].TryNext(out var frame))
        {
            var bytes = frame.Buffer.Slice(frame.Start, frame.Length).ToArray();
            _ends[cable].Release();
            yield return bytes;
        }
    }

    /// <summary>The Ethernet address of the director's end.</summary>
    public MacAddress MacOf(string cable) =>
        MacAddress.TryParse(Lan.MacOf(Director, cable), out var mac) ? mac
        : throw new InvalidOperationException($"{cable} has no Ethernet address");

    /// <summary>Frames that the kernel has delivered to the far end, in all.</summary>
    public long ReceivedByFarEnd(string cable) => Counters(FarEnd, cable).GetProperty("rx").GetProperty("packets")
        .GetInt64();

    /// <summary>Frames that the device of the director has received, in all.</summary>
    public long ReceivedByDirector(string cable) => Counters(Director, cable).GetProperty("rx").GetProperty("packets")
        .GetInt64();

    /// <summary>Frames of a queue that XDP has redirected to a socket, as the device counts them.</summary>
    public long XdpRedirects(string cable, int queue)
    {
        // The names of veth and of virtio_net.
        string[] fields = [string.Create(CultureInfo.InvariantCulture, $"rx_queue_{queue}_xdp_redirect:"),
            string.Create(CultureInfo.InvariantCulture, $"rx{queue}_xdp_redirects:")];
        var line = Director.Run("ethtool", "-S", cable).Split('\n')
            .Single(l => fields.Any(f => l.Contains(f, StringComparison.Ordinal)));
        return long.Parse(line.Split(':')[1], CultureInfo.InvariantCulture);
    }

    public void Dispose()
    {
        foreach (var end in _ends.Values)
            end.Dispose();
        // The kernel would remove them later.
        foreach (var (name, number) in _links)
        {
            foreach (var (end, netns) in Ends(number))
                Shell.Try("ip", "-n", netns.Name, "link", "set", name, "down", "netns", "1", "name", end);
        }
        if (_links.Count > 0)
            Links.Release();
        Director.Dispose();
        FarEnd.Dispose();
    }

    private static JsonElement Counters(NetworkNamespace netns, string cable)
    {
        using var document = JsonDocument.Parse(netns.Ip($"-j -s link show dev {cable}"));
        return document.RootElement[0].GetProperty("stats64").Clone();
    }
}
