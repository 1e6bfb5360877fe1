using System.Net;
using Sidestep.ConformanceTests.Cases;

namespace Sidestep.ConformanceTests.Hardness;

/// <summary>Whether an answer of the director itself may be sent out.</summary>
internal sealed class AnswerJudge(Given given)
{
    private const string AllNodes = "333300000001";

    /// <summary>What is wrong; null when nothing is.</summary>
    public string? Complaint(Seen came, Seen goes)
    {
        if (goes.Type == 0x0806)
            return ArpComplaint(came, goes);
        if (came.Type != goes.Type || goes.Datagram() is not { } answer || came.Rest.Length < (came.IsIpv4 ? 20 : 40))
            return "it is neither for a server nor an answer";
        var (start, protocol) = Seen.Transport(answer);
        if (protocol == 58 && answer[start] == 136)
            return AdvertisementComplaint(came, goes, answer);
        if (!goes.To.SequenceEqual(came.From))
            return "an answer does not go back to where the request came from";
        if (!Seen.Destination(answer).Equals(Seen.Source(came.Rest)))
            return "an answer does not go back to the address that asked";
        return (protocol, answer[start]) switch
        {
            (1, 0) or (58, 129) => EchoComplaint(came, answer, protocol, start),
            (1, 3) or (58, 2) => TooBigComplaint(came, answer, protocol, start),
            (6, _) => ResetComplaint(came, answer, start),
            _ => "nobody knows what it is",
        };
    }

    private string? ArpComplaint(Seen came, Seen goes)
    {
        var (asked, answer) = (came.Rest, goes.Rest);
        byte[] expected = [0, 1, 8, 0, 6, 4, 0, 2, .. goes.From, .. asked[24..28], .. asked[8..18]];
        return !answer.AsSpan(0, 28).SequenceEqual(expected) ? "it is no answer to what was asked by ARP"
            : !IsVip(new IPAddress(asked[24..28])) ? "it claims an address that is no VIP"
            : goes.To.SequenceEqual(came.From) ? null : "an answer does not go back to where the request came from";
    }

    private string? AdvertisementComplaint(Seen came, Seen goes, byte[] answer)
    {
        var target = new IPAddress(came.Rest[48..64]);
        var isProbe = Seen.Source(came.Rest).Equals(IPAddress.IPv6Any);
        byte[] message = [136, 0, .. answer[42..44], (byte)(isProbe ? 0x20 : 0x60), 0, 0, 0, .. came.Rest[48..64], 2, 1, .. goes.From];
        return !IsVip(target) || !Seen.Source(answer).Equals(target) ? "it claims an address that is no VIP"
            : !answer.AsSpan(40).SequenceEqual(message) || answer[7] != 255 ? "it is no advertisement of the target"
            : !Seen.HasRightTransport(answer, 58, 40) ? "the checksum of the advertisement is wrong"
            : isProbe ? Convert.ToHexString(goes.To) == AllNodes ? null : "the answer to a probe does not go to all"
            : goes.To.SequenceEqual(came.From) && Seen.Destination(answer).Equals(Seen.Source(came.Rest)) ? null
            : "an advertisement does not go back to who asked";
    }

    /// <summary>RFC 1624: what was wrong stays wrong, what was right stays right.</summary>
    private string? EchoComplaint(Seen came, byte[] answer, byte protocol, int start)
    {
        var asked = came.Datagram();
        return asked is null || asked.Length != answer.Length ? "it answers what contradicts itself"
            : !IsVip(Seen.Source(answer)) || !Seen.Source(answer).Equals(Seen.Destination(asked)) ? "it claims an address that is no VIP"
            : !asked.AsSpan(start + 4).SequenceEqual(answer.AsSpan(start + 4)) ? "the data of the echo are not those that came"
            : Seen.HasRightHeader(asked) && !Seen.HasRightHeader(answer) ? "the header checksum of the echo is wrong"
            : Seen.HasRightTransport(asked, protocol, start) != Seen.HasRightTransport(answer, protocol, start) ? "the checksum of the echo is wrong"
            : null;
    }

    private string? TooBigComplaint(Seen came, byte[] answer, byte protocol, int start)
    {
        var quoted = answer[(start + 8)..];
        var mtu = Seen.U16(answer, start + 6);
        return !given.NextHops.Interfaces.Any(i => Seen.Source(answer).Equals(protocol == 1 ? i.Address : i.Address6)) ? "it does not come from the director"
            : !Seen.HasRightHeader(answer) ? "the header checksum of the answer is wrong"
            : !Seen.HasRightTransport(answer, protocol, start) ? "the checksum of the answer is wrong"
            : came.Datagram() is not { } asked || !asked.AsSpan().StartsWith(quoted) ? "it quotes what did not come"
            : asked.Length <= mtu ? "it asks for less than what was sent already"
            : answer.Length > (protocol == 1 ? 576 : 1280) ? "it quotes more than it may (RFC 1812 section 4.3.2.3, RFC 4443 section 2.4)"
            : mtu < (protocol == 1 ? 68 : 1280) ? "it asks for less than everybody must carry"
            : null;
    }

    private string? ResetComplaint(Seen came, byte[] answer, int start) =>
        !IsVip(Seen.Source(answer)) ? "it claims an address that is no VIP"
        : (answer[start + 13] & 4) == 0 ? "it is a segment, but no reset"
        : came.Datagram() is not { } asked ? "it answers what contradicts itself"
        : (asked[Seen.Transport(asked).Start + 13] & 4) != 0 ? "a reset is answered with a reset (RFC 9293 section 3.10.7)"
        : !Seen.HasRightHeader(answer) || !Seen.HasRightTransport(answer, 6, start) ? "a checksum of the reset is wrong"
        : null;

    private bool IsVip(IPAddress address) =>
        given.Configuration.VirtualServices.Any(s => s.Vips.Any(v => v.BaseAddress.AddressFamily == address.AddressFamily && v.Contains(address)));
}
