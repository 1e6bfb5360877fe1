using System.Net;
using Sidestep.ConformanceTests.Cases;

namespace Sidestep.ConformanceTests.Robustness;

/// <summary>Checks whether the director may send a reply of its own.</summary>
internal sealed class ReplyValidator(Given given)
{
    private const string AllNodes = "333300000001";

    /// <summary>The error in the reply; null when there is none.</summary>
    public string? Validate(ParsedFrame received, ParsedFrame sent)
    {
        if (sent.Type == 0x0806)
            return ValidateArp(received, sent);
        if (received.Type != sent.Type || sent.Datagram() is not { } reply
            || received.Rest.Length < (received.IsIpv4 ? 20 : 40))
            return "it is neither for a server nor a reply";
        var (start, protocol) = ParsedFrame.Transport(reply);
        if (protocol == 58 && reply[start] == 136)
            return ValidateAdvertisement(received, sent, reply);
        if (!sent.To.SequenceEqual(received.From))
            return "a reply does not go to the Ethernet source of the request";
        if (!ParsedFrame.Destination(reply).Equals(ParsedFrame.Source(received.Rest)))
            return "a reply does not go to the source address of the request";
        return (protocol, reply[start]) switch
        {
            (1, 0) or (58, 129) => ValidateEcho(received, reply, protocol, start),
            (1, 3) when reply[start + 1] == 4 => ValidateTooBig(received, reply, protocol, start),
            (58, 2) => ValidateTooBig(received, reply, protocol, start),
            (1, 3) or (58, 1) => ValidateUnreachable(received, reply, protocol, start),
            (6, _) => ValidateReset(received, reply, start),
            _ => "it is an unknown kind of packet",
        };
    }

    private string? ValidateArp(ParsedFrame received, ParsedFrame sent)
    {
        var (request, reply) = (received.Rest, sent.Rest);
        byte[] expected = [0, 1, 8, 0, 6, 4, 0, 2, .. sent.From, .. request[24..28], .. request[8..18]];
        return !reply.AsSpan(0, 28).SequenceEqual(expected) ? "it is no reply to the ARP request"
            : !IsVip(new IPAddress(request[24..28])) ? "it announces an address that is not a VIP"
            : sent.To.SequenceEqual(received.From) ? null : "a reply does not go to the Ethernet source of the request";
    }

    private string? ValidateAdvertisement(ParsedFrame received, ParsedFrame sent, byte[] reply)
    {
        var target = new IPAddress(received.Rest[48..64]);
        var isProbe = ParsedFrame.Source(received.Rest).Equals(IPAddress.IPv6Any);
        byte[] message =
            [136, 0, .. reply[42..44], (byte)(isProbe ? 0x20 : 0x60), 0, 0, 0, .. received.Rest[48..64], 2, 1,
                .. sent.From];
        return !IsVip(target) || !ParsedFrame.Source(reply).Equals(target) ? "it announces an address that is not a VIP"
            : !reply.AsSpan(40).SequenceEqual(message) || reply[7] != 255 ? "it is no advertisement of the target"
            : !ParsedFrame.HasValidTransportChecksum(reply, 58, 40) ? "the checksum of the advertisement is wrong"
            : isProbe ? Convert.ToHexString(
                sent.To) == AllNodes ? null : "the reply to a probe does not go to all nodes"
            : sent.To.SequenceEqual(received.From)
                && ParsedFrame.Destination(reply).Equals(ParsedFrame.Source(received.Rest)) ? null
            : "an advertisement does not go to the sender of the solicitation";
    }

    /// <summary>RFC 1624: a wrong checksum stays wrong, a correct one stays correct.</summary>
    private string? ValidateEcho(ParsedFrame received, byte[] reply, byte protocol, int start)
    {
        var request = received.Datagram();
        if (request is null || request.Length != reply.Length)
            return "it replies to a malformed request";
        if (!IsVip(ParsedFrame.Source(reply)) || !ParsedFrame.Source(reply).Equals(ParsedFrame.Destination(request)))
            return "it announces an address that is not a VIP";
        if (!request.AsSpan(start + 4).SequenceEqual(reply.AsSpan(start + 4)))
            return "the data of the echo are not those of the request";
        if (ParsedFrame.HasValidHeaderChecksum(request) && !ParsedFrame.HasValidHeaderChecksum(reply))
            return "the header checksum of the echo is wrong";
        var isValid = ParsedFrame.HasValidTransportChecksum(request, protocol, start);
        return isValid == ParsedFrame.HasValidTransportChecksum(reply, protocol, start)
            ? null
            : "the checksum of the echo is wrong";
    }

    private string? ValidateTooBig(ParsedFrame received, byte[] reply, byte protocol, int start)
    {
        var mtu = ParsedFrame.U16(reply, start + 6);
        if (ValidateError(received, reply, protocol, start) is { } problem)
            return problem;
        if (received.Datagram()!.Length <= mtu)
            return "its MTU is not smaller than the packet";
        return mtu < (protocol == 1 ? 68 : 1280) ? "its MTU is below the minimum" : null;
    }

    private string? ValidateUnreachable(ParsedFrame received, byte[] reply, byte protocol, int start) =>
        (protocol, reply[start + 1]) is not ((1, 1 or 3) or (58, 3 or 4)) ? "it has another code"
            : ParsedFrame.U16(reply, start + 4) != 0 || ParsedFrame.U16(reply, start + 6) != 0
                ? "its unused field is not 0 (RFC 792, RFC 4443 section 3.1)"
            : ValidateError(received, reply, protocol, start);

    /// <summary>What all ICMP errors have in common.</summary>
    private string? ValidateError(ParsedFrame received, byte[] reply, byte protocol, int start)
    {
        var quoted = reply[(start + 8)..];
        if (!IsVip(ParsedFrame.Source(reply)))
            return "it does not come from a VIP";
        if (!ParsedFrame.HasValidHeaderChecksum(reply))
            return "the header checksum of the reply is wrong";
        if (!ParsedFrame.HasValidTransportChecksum(reply, protocol, start))
            return "the checksum of the reply is wrong";
        if (received.Datagram() is not { } request || !request.AsSpan().StartsWith(quoted))
            return "it quotes another packet";
        return reply.Length > (protocol == 1 ? 576 : 1280)
            ? "it quotes more than it may (RFC 1812 section 4.3.2.3, RFC 4443 section 2.4)" : null;
    }

    private string? ValidateReset(ParsedFrame received, byte[] reply, int start)
    {
        const int FlagsAt = 13, Reset = 4;
        if (!IsVip(ParsedFrame.Source(reply)))
            return "it announces an address that is not a VIP";
        if ((reply[start + FlagsAt] & Reset) == 0)
            return "it is a segment, but no reset";
        if (received.Datagram() is not { } request)
            return "it replies to a malformed request";
        if ((request[ParsedFrame.Transport(request).Start + FlagsAt] & Reset) != 0)
            return "a reset is answered with a reset (RFC 9293 section 3.10.7)";
        return ParsedFrame.HasValidHeaderChecksum(reply) && ParsedFrame.HasValidTransportChecksum(reply, 6, start)
            ? null
            : "a checksum of the reset is wrong";
    }

    private bool IsVip(IPAddress address) =>
        given.Configuration.VirtualServices.Any(
            s => s.Vips.Any(v => v.BaseAddress.AddressFamily == address.AddressFamily && v.Contains(address)));
}
