using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using Sidestep.Native;
using NetworkNamespace = Sidestep.Testing.NetworkNamespace;

namespace Sidestep.SystemTests.Native;

/// <summary>Every frame of a transmit ring arrives or is counted as lost, whatever happens to the device. The far end
/// of the cable judges: by the frames that it receives, and by the counters of the kernel there.</summary>
public sealed class TransmitRingTests : IDisposable
{
    private const int ExtraFrames = 9, Rounds = 20, Mtu = 1500, Ethernet = 14, Tag = 4, NumberAt = Ethernet + Tag;
    private const int NetworkDown = 100;
    private readonly Cables _cables = new();

    public TransmitRingTests() => _cables.Add("eth0", queues: 1);

    [Fact]
    public void Frames_of_all_sizes_arrive_unchanged_and_in_order_and_the_ring_wraps()
    {
        using var ring = OpenRing();
        var all = Enumerable.Range(0, 2 * ring.Capacity + 7)
            .Select(static n => Frame(n, Ethernet + 50 + n * 31 % (Mtu - 49))).ToArray();
        foreach (var burst in all.Chunk(100))
        {
            Send(ring, burst);
            Assert.Equal(burst, ReceiveFrames(burst.Length));
        }
        Assert.Equal((all.Length, 0), (ring.Sent, ring.Lost));
        Assert.Equal(all.Length, _cables.ReceivedByFarEnd("eth0"));
    }

    [Fact]
    public void A_full_ring_is_flushed_while_frames_are_added()
    {
        using var ring = OpenRing();
        var all = Enumerable.Range(0, ring.Capacity + 100).Select(static n => Frame(n, 60)).ToArray();
        Send(ring, all);
        Assert.Equal(all, ReceiveFrames(all.Length));
        Assert.Equal((all.Length, 0), (ring.Sent, ring.Lost));
    }

    /// <summary>The kernel allows a tagged frame to be longer by its tag, and so does the ring.</summary>
    [Fact]
    public void A_frame_longer_than_the_MTU_is_lost_and_the_others_arrive()
    {
        using var ring = OpenRing();
        byte[] tagged = Frame(2, Ethernet + Mtu + Tag);
        BinaryPrimitives.WriteUInt16BigEndian(tagged.AsSpan(12), 0x8100);
        byte[][] all = [Frame(0, 60), Frame(1, Ethernet + Mtu + 1), tagged, Frame(3, Ethernet + Mtu), Frame(4, 13)];
        Send(ring, all);
        Assert.Equal([all[0], all[2], all[3]], ReceiveFrames(3));
        Assert.Equal((3, 2), (ring.Sent, ring.Lost));
    }

    [Fact]
    public void A_frame_that_the_device_rejects_is_lost_and_the_others_arrive()
    {
        using var ring = OpenRing();
        _cables.Director.Run("nft", string.Create(CultureInfo.InvariantCulture,
            $"add table netdev t; add chain netdev t c {{ type filter hook egress device eth0 priority 0; }}; add "
            + $"rule netdev t c meta length 1000-1400 drop"));
        byte[][] all = [Frame(0, 1200), Frame(1, 60), Frame(2, 1200), Frame(3, 1200), Frame(4, 60), Frame(5, 1200)];
        Send(ring, all);
        Assert.Equal([all[1], all[4]], ReceiveFrames(2));
        Assert.Equal((2, 4), (ring.Sent, ring.Lost));
    }

    [Fact]
    public void Frames_sent_while_the_interface_is_down_are_lost_and_sending_then_resumes()
    {
        using var ring = OpenRing();
        Send(ring, [Frame(0, 60)]);
        _cables.Director.Ip("link set eth0 down");
        for (var round = 1; round < 4; round++)
        {
            Send(ring, [.. Enumerable.Range(0, ring.Capacity / 2).Select(static n => Frame(n, 60))]);
            Assert.Equal((1, round * (ring.Capacity / 2)), (ring.Sent, ring.Lost));
        }
        _cables.Director.Ip("link set eth0 up");
        // The socket reports an error, once.
        var lost = ring.Lost;
        byte[][] all = [.. Enumerable.Range(10, 50).Select(static n => Frame(n, 60))];
        Send(ring, all);
        Assert.InRange(ring.Lost - lost, 0, 1);
        Assert.Equal([Frame(0, 60), .. all[(int)(ring.Lost - lost)..]], ReceiveFrames((int)ring.Sent));
    }

    /// <summary>The far end polls on the CPU of the sender, and has to wait until the sender yields. Until then a
    /// virtual cable holds up to 256 frames, more than a ring for such a large MTU has entries.</summary>
    [Fact]
    public void A_sender_yields_the_CPU_to_the_thread_that_frees_its_ring_entries()
    {
        foreach (var side in new[] { _cables.Director, _cables.FarEnd })
            side.Ip("link set eth0 mtu 65535");
        _cables.FarEnd.Run("ethtool", "-K", "eth0", "gro", "on");
        _cables.FarEnd.Run(
            "unshare", "--mount", "sh", "-c", "mount -t sysfs none /sys && echo 1 > /sys/class/net/eth0/threaded");
        var cpu = Kernel.AllowedCpus[^1];
        var poller = Directory.GetDirectories("/proc")
            .Single(
                d => char.IsAsciiDigit(Path.GetFileName(d)[0])
                    && ProcessName(d).StartsWith("napi/eth0-", StringComparison.Ordinal));
        Sidestep.Testing.Shell.Run(
            "taskset", "-p", "-c", cpu.ToString(CultureInfo.InvariantCulture), Path.GetFileName(poller));
        using var ring = OpenRing();
        Assert.InRange(ring.Capacity, 8, 200);

        // Another ordinary thread on that CPU may run before the far end: so not every round succeeds.
        for (var round = 1; ; round++)
        {
            var lost = ring.Lost;
            _cables.Director.Inside(() =>
            {
                Kernel.PinThread(cpu);
                Kernel.PreferThread();
                SendOneByOne(ring, ring.Capacity + ExtraFrames);
                return true;
            });
            Assert.Equal(round * (ring.Capacity + ExtraFrames), ring.Sent + ring.Lost);
            WaitForReceived(ring.Sent);
            if (ring.Lost == lost)
                break;
            Assert.True(round < Rounds, $"{ring.Lost - lost} frames were lost");
        }
    }

    [Fact]
    public void Frames_that_find_no_free_entry_in_time_are_lost_and_sending_then_resumes()
    {
        AddThrottledDevice();
        using var ring = OpenRing("slow");

        SendOneByOne(ring, 1 + ring.Capacity + ExtraFrames, bytes: 100);
        Assert.Equal((1 + ring.Capacity, ExtraFrames), (ring.Sent, ring.Lost));
        Assert.Equal(ring.Capacity, Queued("eth0"));
        WaitForReceived(1);

        // The device discards them, and their entries are free.
        _cables.Director.Run("tc", "qdisc", "del", "dev", "eth0", "root");
        SendOneByOne(ring, ring.Capacity);
        Assert.Equal((1 + 2 * ring.Capacity, ExtraFrames), (ring.Sent, ring.Lost));
        WaitForReceived(1 + ring.Capacity);
    }

    /// <summary>The reclaimed entries are before and after those that the device holds: the next frame has an entry,
    /// and is lost for the same reason.</summary>
    [Fact]
    public void Ring_entries_reclaimed_after_an_error_are_usable_again()
    {
        AddThrottledDevice();
        using var ring = OpenRing("slow");
        var queued = ring.Capacity / 2;
        SendOneByOne(ring, 1 + queued, bytes: 100);
        for (var n = queued; n < ring.Capacity; n++)
            ring.Add(Frame(n, 100));
        Assert.Equal((1 + queued, 0), (ring.Sent, ring.Lost));

        _cables.Director.Ip("link set slow down");
        Send(ring, [Frame(0, 100)]);
        Assert.Equal((1 + queued, ring.Capacity - queued + 1, NetworkDown), (ring.Sent, ring.Lost, ring.LastError));
        _cables.Director.Ip("link set slow up");
        Assert.Equal(queued, Queued("eth0"));
    }

    [Fact]
    public void An_egress_ring_opens_at_its_first_frame_and_follows_the_interface()
    {
        _cables.Add("eth1", queues: 1);
        var errors = new List<string>();
        _cables.Director.Inside(() =>
        {
            using var rings = new EgressRings(e => errors.Add(e.Message));
            var (first, second) = (Kernel.InterfaceIndex("eth0")!.Value, Kernel.InterfaceIndex("eth1")!.Value);
            Assert.Equal((0, 0), (Sockets(first), Sockets(second)));
            Send(rings, first, Frame(0, 60));
            Assert.Equal((1, 0), (Sockets(first), Sockets(second)));
            Send(rings, second, Frame(1, 60));
            Assert.Equal([Frame(1, 60)], ReceiveFrames(1, "eth1"));

            // A longer frame than the ring had entries for, part of which lies in pages that are lent to the device.
            foreach (var side in new[] { _cables.Director, _cables.FarEnd })
                side.Ip("link set eth0 mtu 9000");
            Send(rings, first, Frame(2, Ethernet + 9000));
            AssertSockets(1, 0, first);
            Assert.Equal([Frame(0, 60), Frame(2, Ethernet + 9000)], ReceiveFrames(2));
            Send(rings, first, Frame(3, Ethernet + 9001));
            Assert.Equal((3, 1), (rings.Sent, rings.Lost));

            // The interface leaves and comes back with the same index: the frame that finds it gone is lost.
            using var elsewhere = new NetworkNamespace("elsewhere", "ssd");
            _cables.Director.Ip($"link set eth1 netns {elsewhere.Name}");
            Send(rings, second, Frame(4, 60));
            Assert.Equal((3, 2), (rings.Sent, rings.Lost));
            AssertSockets(1, 0, first);
            elsewhere.Ip($"link set eth1 netns {_cables.Director.Name}");
            _cables.Director.Ip("link set eth1 up");
            Assert.Equal(second, Kernel.InterfaceIndex("eth1"));
            Send(rings, second, Frame(5, 60));
            Assert.Equal([Frame(5, 60)], ReceiveFrames(1, "eth1"));

            // Deleted, and no frame is sent through it any more: its socket is closed when another is opened.
            _cables.Director.Ip("link del eth1");
            AssertSockets(1, 1, first);
            _cables.Add("eth2", queues: 1);
            Send(rings, Kernel.InterfaceIndex("eth2")!.Value, Frame(6, 60));
            Assert.Equal([Frame(6, 60)], ReceiveFrames(1, "eth2"));
            Assert.Equal((5, 2), (rings.Sent, rings.Lost));
            AssertSockets(1, 0, first);

            // An interface that never existed; it is reported once within a second.
            Send(rings, 9999, Frame(7, 60));
            Send(rings, 9999, Frame(8, 60));
            Assert.Equal((5, 4), (rings.Sent, rings.Lost));
            return true;
        });
        Assert.Contains("9999", Assert.Single(errors), StringComparison.Ordinal);
    }

    public void Dispose() => _cables.Dispose();

    private TransmitRing OpenRing(string device = "eth0") =>
        _cables.Director.Inside(() => TransmitRing.Open(Kernel.InterfaceIndex(device)!.Value));

    private static void Send(TransmitRing ring, IReadOnlyList<byte[]> frames)
    {
        foreach (var frame in frames)
            ring.Add(frame);
        ring.Flush();
    }

    private static void SendOneByOne(TransmitRing ring, int count, int bytes = 60)
    {
        for (var n = 0; n < count; n++)
            Send(ring, [Frame(n, bytes)]);
    }

    private static void Send(EgressRings rings, int interfaceIndex, byte[] frame)
    {
        rings.Add(interfaceIndex, frame);
        rings.Flush();
    }

    /// <summary>Waits for that many frames; the counters show that there are no others.</summary>
    private List<byte[]> ReceiveFrames(int count, string cable = "eth0")
    {
        var received = new List<byte[]>();
        Eventually.True(() =>
        {
            received.AddRange(_cables.TakeReceived(cable));
            return received.Count >= count;
        }, () => $"{received.Count} of {count} arrived");
        return received;
    }

    /// <summary>Adds a device on top of another one whose queue passes one frame of 100 bytes and holds the next for
    /// longer than a test takes.</summary>
    private void AddThrottledDevice()
    {
        _cables.Director.Ip("link add slow link eth0 type macvlan");
        _cables.Director.Ip("link set slow up");
        _cables.Director.Run(
            "tc", "qdisc", "replace", "dev", "eth0", "root", "tbf", "rate", "8bit", "burst", "150b", "limit", "10mb");
    }

    private void WaitForReceived(long sent) =>
        Eventually.True(() => _cables.ReceivedByFarEnd("eth0") == sent,
            () => $"{_cables.ReceivedByFarEnd("eth0")} of {sent} arrived");

    /// <summary>Frames in the queue of a device of the director.</summary>
    private int Queued(string device)
    {
        using var document = JsonDocument.Parse(
            _cables.Director.Run("tc", "-j", "-s", "qdisc", "show", "dev", device, "root"));
        return document.RootElement[0].GetProperty("qlen").GetInt32();
    }

    /// <summary>A frame to another host, of a protocol that the kernel does not know; no two are equal.</summary>
    private static byte[] Frame(int number, int bytes)
    {
        var frame = new byte[bytes];
        for (var i = Ethernet; i < bytes; i++)
            frame[i] = (byte)(i * 7 + number);
        (frame[0], frame[6]) = (2, 2);
        if (bytes >= Ethernet)
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(12), 0x88b5);
        if (bytes >= NumberAt + sizeof(int))
            BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(NumberAt), number);
        return frame;
    }

    /// <summary>Waits for the numbers of sockets at an interface and at deleted ones. A process that another test
    /// starts holds all descriptors between fork and exec, those of closed sockets included.</summary>
    private static void AssertSockets(int expected, int ofDeleted, int interfaceIndex) => Eventually.True(
        () => (Sockets(interfaceIndex), Sockets(-1)) == (expected, ofDeleted),
        () => $"{Sockets(interfaceIndex)} and {Sockets(-1)} sockets");

    /// <summary>Number of sending sockets at an interface of this thread's namespace, from /proc/net/packet; -1 for an
    /// interface that is gone.</summary>
    private static int Sockets(int interfaceIndex) => File.ReadLines("/proc/thread-self/net/packet")
        .Select(static l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Count(c => c is [_, _, _, "0000", var at, ..] && at == interfaceIndex.ToString(CultureInfo.InvariantCulture));

    private static string ProcessName(string process)
    {
        try
        {
            return File.ReadAllText($"{process}/comm");
        }
        catch (IOException)
        {
            return ""; // it has ended
        }
    }
}
