using System.Text.Json;
using Sidestep.Model;

namespace Sidestep.SystemTests.EngineManaged.Drivers;

/// <summary>AF_XDP over devices of other drivers than veth, where the machine has such links (eng/other-kernel --links,
/// ./test kernels): with zero copy where the kernel supports it. On other machines the tests run over veth cables,
/// which always copy.</summary>
public sealed class AfXdpLinkTests
{
    /// <summary>A number of frames that the device at the far end, with its 256 descriptors, accepts at a
    /// time.</summary>
    private const int Flows = 192;

    private const int Rounds = 20, OverloadBursts = 60;

    [Fact]
    public void Every_frame_is_forwarded_unchanged()
    {
        using var cables = new Cables();
        cables.AddLink("eth0", 1);
        using var engine = InProcessDirector.Start(cables, Driver.AfXdp, "eth0");
        // Counters of a device include those of earlier tests.
        var (received, handedOn) = (cables.ReceivedByFarEnd("eth0"), cables.XdpRedirects("eth0", 0));
        Assert.Equal(Cables.LinksAreZeroCopy, cables.Director.Inside(() => engine.Attached[0].IsZeroCopy));

        for (var round = 0; round < Rounds; round++)
            Assert.Equal(2, InProcessDirector.Exchange(cables, ["eth0"], "eth0", Flows).Values.Distinct().Count());
        Assert.Equal(Rounds * Flows, cables.ReceivedByFarEnd("eth0") - received);
        Assert.Equal(Rounds * Flows, cables.XdpRedirects("eth0", 0) - handedOn);
        Assert.Equal(Rounds * Flows, engine.Totals().Frames);
        Assert.Equal(Rounds * Flows, engine.Totals().Sent);
        Assert.Equal(0, engine.Totals().RxDropped + engine.Totals().TxDropped);
    }

    /// <summary>Both interfaces share a UMEM; after one was removed and added again, each has its own.</summary>
    [Fact]
    public void Frames_cross_between_two_interfaces_even_after_one_was_detached()
    {
        using var cables = new Cables();
        cables.AddLink("eth0", 1);
        cables.AddLink("eth1", 2);
        using var engine = InProcessDirector.Start(cables, Driver.AfXdp, "eth0", "eth1");
        Cross();
        DirectorInterface[] both = [new("eth0", Driver.AfXdp), new("eth1", Driver.AfXdp)];
        cables.Director.Inside(() => engine.Attach(both[..1]));
        cables.Director.Inside(() => engine.Attach(both));
        Cross();
        Assert.Equal(0, engine.Totals().RxDropped + engine.Totals().TxDropped);

        void Cross()
        {
            Assert.All(cables.Director.Inside(() => engine.Attached),
                static a => Assert.Equal(Cables.LinksAreZeroCopy, a.IsZeroCopy));
            for (var round = 0; round < Rounds; round++)
            {
                foreach (var cable in (string[])["eth0", "eth1"])
                    Assert.Equal(["eth0", "eth1"],
                        InProcessDirector.Exchange(cables, ["eth0", "eth1"], cable, Flows).Values
                        .Select(static v => v.Cable).Distinct().Order());
            }
        }
    }

    /// <summary>All sockets of a UMEM use the same mode: zero copy or copy.</summary>
    [Fact]
    public void All_interfaces_use_copy_mode_when_one_of_them_must()
    {
        using var cables = new Cables();
        cables.AddLink("eth0", 1);
        cables.Add("eth1", queues: 1);
        using var engine = InProcessDirector.Start(cables, Driver.AfXdp, "eth0", "eth1");
        Assert.All(cables.Director.Inside(() => engine.Attached), static a => Assert.False(a.IsZeroCopy));
        foreach (var cable in (string[])["eth0", "eth1"])
            Assert.Equal(["eth0", "eth1"],
                InProcessDirector.Exchange(cables, ["eth0", "eth1"], cable, Flows).Values.Select(static v => v.Cable)
                .Distinct().Order());
        Assert.Equal(0, engine.Totals().RxDropped + engine.Totals().TxDropped);
    }

    [Fact]
    public void A_stopped_or_killed_daemon_releases_its_queue_to_the_next_one()
    {
        using var cables = new Cables();
        cables.AddLink("eth0", 1);
        cables.Director.Ip($"address add {Segment.DirectorAddress}/24 dev eth0");
        cables.FarEnd.Ip($"address add {Segment.AddressOf(1)}/24 dev eth0");
        var folder = Directory.CreateTempSubdirectory("sidestep-link-test-");
        try
        {
            var file = new DirectorConfiguration
            {
                Name = "link",
                PinPath = $"/sys/fs/bpf/{string.Join('-', cables.Director.Name.Split('-')[..3])}",
                Services = [new UdpService("echo", Segment.Vip, EchoServer.Port)],
                Servers = [Segment.ServerEntry(1)],
                Interfaces = [("eth0", Driver.AfXdp.Name())],
            };
            var path = Path.Combine(folder.FullName, "sidestep.yaml");
            File.WriteAllText(path, file.ToString());
            using (var first = new DaemonProcess(cables.Director, path))
            {
                first.WaitFor(DaemonProcess.Ready);
                Assert.Equal(Cables.LinksAreZeroCopy, IsZeroCopy(file));
                Forward(cables);
                Assert.Equal(0, first.Terminate());
                Assert.DoesNotContain("xdp", cables.Director.Ip("-d link show dev eth0"), StringComparison.Ordinal);
            }
            using (var killed = new DaemonProcess(cables.Director, path))
            {
                killed.WaitFor(DaemonProcess.Ready);
                Forward(cables);
                killed.Kill();
            }
            using var last = new DaemonProcess(cables.Director, path);
            last.WaitFor(DaemonProcess.Ready);
            Forward(cables);

            // More frames than the rings hold: the excess is lost, and later frames pass again.
            last.Pause();
            var burst = Datagrams.To(cables.MacOf("eth0"), Flows);
            for (var sent = 0; sent < OverloadBursts; sent++)
            {
                var target = cables.ReceivedByDirector("eth0") + burst.Length;
                cables.Send("eth0", queue: 0, queues: 1, burst, allowLoss: true);
                // Only while the ring has space; otherwise the far end may wait for it.
                SpinWait.SpinUntil(() => cables.ReceivedByDirector("eth0") >= target, TimeSpan.FromSeconds(1));
            }
            last.Signal("CONT");
            var marked = Datagrams.To(cables.MacOf("eth0"), Flows + 1)[Flows..];
            Eventually.True(() =>
            {
                cables.Send("eth0", queue: 0, queues: 1, marked, allowLoss: true);
                return cables.TakeReceived("eth0").Any(static f => IsDatagram(f) && Datagrams.FlowOf(f) == Flows);
            }, static () => "nothing is forwarded after a time with too much");
            Assert.Equal(0, last.Terminate());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static bool IsDatagram(byte[] frame) => frame is [_, _, _, _, _, _, _, _, _, _, _, _, 8, 0, ..];

    /// <summary>Forwards a frame of each flow; frames of ARP and Neighbour Discovery are skipped.</summary>
    private static void Forward(Cables cables)
    {
        var sent = Datagrams.To(cables.MacOf("eth0"), Flows);
        cables.Send("eth0", queue: 0, queues: 1, sent);
        var received = new HashSet<int>();
        Eventually.True(() =>
        {
            foreach (var frame in cables.TakeReceived("eth0").Where(IsDatagram))
            {
                Assert.Equal(sent[Datagrams.FlowOf(frame)].AsSpan(14), frame.AsSpan(14));
                Assert.True(received.Add(Datagrams.FlowOf(frame)));
            }
            return received.Count == Flows;
        }, () => $"{received.Count} of {Flows} frames came out");
    }

    private static bool? IsZeroCopy(DirectorConfiguration file)
    {
        using var status = JsonDocument.Parse(
            Shell.Run([Repository.Executable("Sidestep.Cli", "sidestep"), "status", "--name", file.Name, "--pin-path",
            file.PinPath, "--json"]));
        return status.RootElement.GetProperty("interfaces")[0].GetProperty("zeroCopy").GetBoolean();
    }
}
