namespace Sidestep.SystemTests.EngineXdp;

/// <summary>Replies to ARP and echo requests for the VIP, observed at a client.</summary>
public sealed class VipReplyTests
{
    [Fact]
    public void The_director_replies_to_ARP_and_echo_while_the_VIP_is_in_service()
    {
        using var segment = new Segment();
        using var wire = RawSocket.Open(segment.Client, "eth0");
        var (client, director) = (Bytes(Lan.MacOf(segment.Client, "eth0")), Bytes(Lan.MacOf(segment.Director, "eth0")));
        segment.Start();

        void Expect(bool replies, string why, DirectorConfiguration? file = null)
        {
            if (file is not null)
                segment.Apply(file);
            byte[][] expected = replies ? [director] : [];
            Assert.Equal((why, Join(expected)), (why, Join(ArpReplies(wire, client))));
            Assert.Equal((why, replies), (why, RepliesToEcho(wire, client, director)));
        }

        var original = segment.File;
        Expect(true, "in service");
        Expect(false, "all servers disabled",
            original with { Servers = [.. original.Servers.Select(static s => s with { Enabled = false })] });
        Expect(true, "one server left",
            original with { Servers = [original.Servers[0], original.Servers[1] with { Enabled = false }] });
        Expect(false, "all weights 0",
            original with { Servers = [.. original.Servers.Select(static s => s with { Weight = 0 })] });
        Expect(false, "the only server is not there", original with { Servers = [Segment.ServerEntry(9)] });
        Expect(false, "no servers", original with { Servers = [] });
        Expect(true, "back", original);
        Expect(false, "traffic disabled",
            original with { Services = [original.Services[0] with { TrafficEnabled = false }] });
        Expect(true, "one of two services attracts traffic", original with
        {
            Services = [original.Services[0] with { TrafficEnabled = false }, new UdpService("other", Segment.Vip, 8)],
        });
        Expect(false, "no services", original with { Services = [] });
    }

    [Fact]
    public void Packets_are_forwarded_even_while_the_service_attracts_no_traffic()
    {
        using var segment = new Segment();
        segment.File = segment.File with { Services = [segment.File.Services[0] with { TrafficEnabled = false }] };
        segment.Client.Ip($"neigh add {Segment.Vip} lladdr {Lan.MacOf(segment.Director, "eth0")} dev eth0");
        segment.Start();
        using var traffic = segment.Send();
        traffic.WaitUntilAllAnswered();
        traffic.WaitForSent(100);
        ExchangeAssert.AllAnswered(traffic.Stop());
    }

    [Fact]
    public void The_VIP_is_not_a_local_address_of_the_director()
    {
        using var segment = new Segment();
        segment.Start();
        Assert.DoesNotContain(Segment.Vip, segment.Director.Ip("address show"), StringComparison.Ordinal);
        Assert.DoesNotContain(
            "local", segment.Director.Try("ip", "route", "get", Segment.Vip).Output, StringComparison.Ordinal);
        Assert.DoesNotContain(Segment.Vip, segment.Director.Ip("route show table all"), StringComparison.Ordinal);
    }

    /// <summary>Sends a request for the director's own address last: once its reply is here, a reply for the VIP would
    /// be here, too.</summary>
    private static byte[][] ArpReplies(RawSocket wire, byte[] client)
    {
        wire.Send(Frame.ArpRequest(client, Segment.ClientAddress, Segment.Vip));
        wire.Send(Frame.ArpRequest(client, Segment.ClientAddress, Segment.DirectorAddress));
        static bool IsReplyFrom(byte[] f, string address) =>
            Frame.Type(f) == Frame.Arp && Frame.ReadArp(f) is { Operation: 2 } arp && arp.Sender == address;
        return [.. wire.ReceiveUntil(static f => IsReplyFrom(f, Segment.DirectorAddress)).Where(
            static f => IsReplyFrom(f, Segment.Vip)).Select(static f => f[22..28])];
    }

    private static bool RepliesToEcho(RawSocket wire, byte[] client, byte[] director)
    {
        foreach (var address in new[] { Segment.Vip, Segment.DirectorAddress })
        {
            byte[] echo = [8, 0, 0, 0, 0x12, 0x34, 0, 1, .. "are you there?!!"u8];
            var sum = Frame.Checksum(echo);
            (echo[2], echo[3]) = ((byte)(sum >> 8), (byte)sum);
            wire.Send(Frame.Ethernet(director, client, Frame.Ip, Frame.IPv4(Segment.ClientAddress, address, 1, echo)));
        }
        static bool IsReplyFrom(byte[] f, string address) => Frame.Type(f) == Frame.Ip && f[34] == 0
            && Frame.ReadIPv4(f) is { Protocol: 1, Destination: Segment.ClientAddress } ip && ip.Source == address;
        return wire.ReceiveUntil(static f => IsReplyFrom(f, Segment.DirectorAddress))
            .Any(static f => IsReplyFrom(f, Segment.Vip));
    }

    private static string Join(IEnumerable<byte[]> addresses) =>
        string.Join(", ", addresses.Select(Convert.ToHexString));

    private static byte[] Bytes(string mac) => Convert.FromHexString(mac.Replace(":", "", StringComparison.Ordinal));
}
