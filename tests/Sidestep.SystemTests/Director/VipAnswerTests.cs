using Sidestep.SystemTests.Agent;

namespace Sidestep.SystemTests.Director;

/// <summary>Who answers ARP and echo for the VIP, and when: judged by the frames at a client.</summary>
public sealed class VipAnswerTests
{
    [Fact]
    public void TheDirectorAnswersWhileTheServiceIsInService()
    {
        using var segment = new Segment();
        using var wire = Wire.Open(segment.Client, "eth0");
        var (client, director) = (Bytes(Lan.MacOf(segment.Client, "eth0")), Bytes(Lan.MacOf(segment.Director, "eth0")));
        segment.Start();

        void Expect(bool answers, string why, DirectorFile? file = null)
        {
            if (file is not null)
                segment.Apply(file);
            byte[][] expected = answers ? [director] : [];
            Assert.Equal((why, Join(expected)), (why, Join(AnswersToArp(wire, client))));
            Assert.Equal((why, answers), (why, AnswersEcho(wire, client, director)));
        }

        var good = segment.File;
        Expect(true, "in service");
        Expect(false, "all servers disabled", good with { Servers = [.. good.Servers.Select(static s => s with { Enabled = false })] });
        Expect(true, "one server left", good with { Servers = [good.Servers[0], good.Servers[1] with { Enabled = false }] });
        Expect(false, "all weights 0", good with { Servers = [.. good.Servers.Select(static s => s with { Weight = 0 })] });
        Expect(false, "the only server is not there", good with { Servers = [Segment.Line(9)] });
        Expect(false, "no servers", good with { Servers = [] });
        Expect(true, "back", good);
        Expect(false, "traffic disabled", good with { Services = [good.Services[0] with { TrafficEnabled = false }] });
        Expect(true, "one of two services attracts traffic", good with
        {
            Services = [good.Services[0] with { TrafficEnabled = false }, new ServiceLine("other", Segment.Vip, 8)],
        });
        Expect(false, "no services", good with { Services = [] });
    }

    [Fact]
    public void WhatArrivesIsForwardedEvenWhileTheServiceAttractsNoTraffic()
    {
        using var segment = new Segment();
        segment.File = segment.File with { Services = [segment.File.Services[0] with { TrafficEnabled = false }] };
        segment.Client.Ip($"neigh add {Segment.Vip} lladdr {Lan.MacOf(segment.Director, "eth0")} dev eth0");
        segment.Start();
        using var traffic = segment.Send();
        traffic.UntilAllAnswered();
        traffic.Pass(100);
        NoLoss.Among(traffic.Stop());
    }

    [Fact]
    public void TheVipIsNoLocalAddressOfTheDirector()
    {
        using var segment = new Segment();
        segment.Start();
        Assert.DoesNotContain(Segment.Vip, segment.Director.Ip("address show"), StringComparison.Ordinal);
        Assert.DoesNotContain("local", segment.Director.Try("ip", "route", "get", Segment.Vip).Output, StringComparison.Ordinal);
        Assert.DoesNotContain(Segment.Vip, segment.Director.Ip("route show table all"), StringComparison.Ordinal);
    }

    /// <summary>The director's own address is asked last: once its answer is here, one to the VIP would be here, too.</summary>
    private static byte[][] AnswersToArp(Wire wire, byte[] client)
    {
        wire.Send(Frame.ArpRequest(client, Segment.ClientAddress, Segment.Vip));
        wire.Send(Frame.ArpRequest(client, Segment.ClientAddress, Segment.DirectorAddress));
        static bool Answers(byte[] f, string address) => Frame.Type(f) == Frame.Arp && Frame.ReadArp(f) is { Operation: 2 } arp && arp.Sender == address;
        return [.. wire.Until(static f => Answers(f, Segment.DirectorAddress)).Where(static f => Answers(f, Segment.Vip)).Select(static f => f[22..28])];
    }

    private static bool AnswersEcho(Wire wire, byte[] client, byte[] director)
    {
        foreach (var address in new[] { Segment.Vip, Segment.DirectorAddress })
        {
            byte[] echo = [8, 0, 0, 0, 0x12, 0x34, 0, 1, .. "are you there?!!"u8];
            var sum = Frame.Checksum(echo);
            (echo[2], echo[3]) = ((byte)(sum >> 8), (byte)sum);
            wire.Send(Frame.Ethernet(director, client, Frame.Ip, Frame.IPv4(Segment.ClientAddress, address, 1, echo)));
        }
        static bool Answers(byte[] f, string address) => Frame.Type(f) == Frame.Ip && f[34] == 0
            && Frame.ReadIPv4(f) is { Protocol: 1, Destination: Segment.ClientAddress } ip && ip.Source == address;
        return wire.Until(static f => Answers(f, Segment.DirectorAddress)).Any(static f => Answers(f, Segment.Vip));
    }

    private static string Join(IEnumerable<byte[]> addresses) => string.Join(", ", addresses.Select(Convert.ToHexString));

    private static byte[] Bytes(string mac) => Convert.FromHexString(mac.Replace(":", "", StringComparison.Ordinal));
}
