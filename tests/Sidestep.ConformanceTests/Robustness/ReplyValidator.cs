using System.Net;
using Sidestep.ConformanceTests.Cases;

namespace Sidestep.ConformanceTests.Robustness;

/// <summary>Whether an answer of the director itself may be sent out.</summary>
internal sealed class ReplyValidator(Given given)
{
    private const string AllNodes = "333300000001";

    /// <summary>What is wrong; null when nothing is.</summary>
    public string? Validate(ParsedFrame received, ParsedFrame sent)
    {
        if (sent.Type == 0x0806)
            return ValidateArp(received, sent);
        if (received.Type != sent.Type || sent.Datagram() is not { } reply || received.Rest.Length < (received.IsIpv4 ? 20 : 40))
            return "it is neither for a server nor an answer";
        var (start, protocol) = ParsedFrame.Transport(reply);
        if (protocol == 58 && reply[start] == 136)
            return ValidateAdvertisement(received, sent, reply);
        if (!sent.To.SequenceEqual(received.From))
            return "an answer does not go back to where the request came from";
        if (!ParsedFrame.Destination(reply).Equals(ParsedFrame.Source(received.Rest)))
            return "an answer does not go back to the address that asked";
        return (protocol, reply[start]) switch
        {
            (1, 0) or (58, 129) => ValidateEcho(received, reply, protocol, start),
            (1, 3) or (58, 2) => ValidateTooBig(received, reply, protocol, start),
            (6, _) => ValidateReset(received, reply, start),
            _ => "nobody knows what it is",
        };
    }

    private string? ValidateArp(ParsedFrame received, ParsedFrame sent)
    {
        var (request, reply) = (received.Rest, sent.Rest);
        byte[] expected = [0, 1, 8, 0, 6, 4, 0, 2, .. sent.From, .. request[24..28], .. request[8..18]];
        return !reply.AsSpan(0, 28).SequenceEqual(expected) ? "it is no answer to what was asked by ARP"
            : !IsVip(new IPAddress(request[24..28])) ? "it claims an address that is no VIP"
            : sent.To.SequenceEqual(received.From) ? null : "an answer does not go back to where the request came from";
    }

    private string? ValidateAdvertisement(ParsedFrame received, ParsedFrame sent, byte[] reply)
    {
        var target = new IPAddress(received.Rest[48..64]);
        var isProbe = ParsedFrame.Source(received.Rest).Equals(IPAddress.IPv6Any);
        byte[] message = [136, 0, .. reply[42..44], (byte)(isProbe ? 0x20 : 0x60), 0, 0, 0, .. received.Rest[48..64], 2, 1, .. sent.From];
        return !IsVip(target) || !ParsedFrame.Source(reply).Equals(target) ? "it claims an address that is no VIP"
            : !reply.AsSpan(40).SequenceEqual(message) || reply[7] != 255 ? "it is no advertisement of the target"
            : !ParsedFrame.HasValidTransportChecksum(reply, 58, 40) ? "the checksum of the advertisement is wrong"
            : isProbe ? Convert.ToHexString(sent.To) == AllNodes ? null : "the answer to a probe does not go to all"
            : sent.To.SequenceEqual(received.From) && ParsedFrame.Destination(reply).Equals(ParsedFrame.Source(received.Rest)) ? null
            : "an advertisement does not go back to who asked";
    }

    /// <summary>RFC 1624: what was wrong stays wrong, what was right stays right.</summary>
    private string? ValidateEcho(ParsedFrame received, byte[] reply, byte protocol, int start)
    {
        var request = received.Datagram();
        return request is null || request.Length != reply.Length ? "it answers what contradicts itself"
            : !IsVip(ParsedFrame.Source(reply)) || !ParsedFrame.Source(reply).Equals(ParsedFrame.Destination(request)) ? "it claims an address that is no VIP"
            : !request.AsSpan(start + 4).SequenceEqual(reply.AsSpan(start + 4)) ? "the data of the echo are not those that came"
            : ParsedFrame.HasValidHeaderChecksum(request) && !ParsedFrame.HasValidHeaderChecksum(reply) ? "the header checksum of the echo is wrong"
            : ParsedFrame.HasValidTransportChecksum(request, protocol, start) != ParsedFrame.HasValidTransportChecksum(reply, protocol, start) ? "the checksum of the echo is wrong"
            : null;
    }

    private string? ValidateTooBig(ParsedFrame received, byte[] reply, byte protocol, int start)
    {
        var quoted = reply[(start + 8)..];
        var mtu = ParsedFrame.U16(reply, start + 6);
        return !given.NextHops.Interfaces.Any(i => ParsedFrame.Source(reply).Equals(protocol == 1 ? i.Address : i.Address6)) ? "it does not come from the director"
            : !ParsedFrame.HasValidHeaderChecksum(reply) ? "the header checksum of the answer is wrong"
            : !ParsedFrame.HasValidTransportChecksum(reply, protocol, start) ? "the checksum of the answer is wrong"
            : received.Datagram() is not { } request || !request.AsSpan().StartsWith(quoted) ? "it quotes what did not come"
            : request.Length <= mtu ? "it asks for less than what was sent already"
            : reply.Length > (protocol == 1 ? 576 : 1280) ? "it quotes more than it may (RFC 1812 section 4.3.2.3, RFC 4443 section 2.4)"
            : mtu < (protocol == 1 ? 68 : 1280) ? "it asks for less than everybody must carry"
            : null;
    }

    private string? ValidateReset(ParsedFrame received, byte[] reply, int start) =>
        !IsVip(ParsedFrame.Source(reply)) ? "it claims an address that is no VIP"
        : (reply[start + 13] & 4) == 0 ? "it is a segment, but no reset"
        : received.Datagram() is not { } request ? "it answers what contradicts itself"
        : (request[ParsedFrame.Transport(request).Start + 13] & 4) != 0 ? "a reset is answered with a reset (RFC 9293 section 3.10.7)"
        : !ParsedFrame.HasValidHeaderChecksum(reply) || !ParsedFrame.HasValidTransportChecksum(reply, 6, start) ? "a checksum of the reset is wrong"
        : null;

    private bool IsVip(IPAddress address) =>
        given.Configuration.VirtualServices.Any(s => s.Vips.Any(v => v.BaseAddress.AddressFamily == address.AddressFamily && v.Contains(address)));
}
