using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Sidestep.Control.Health;
using Sidestep.Model;

namespace Sidestep.Daemon.Probes;

/// <summary>A DNS query over UDP (RFC 1035 section 4).</summary>
internal static class DnsProbe
{
    private const int HeaderBytes = 12, MaxLabelBytes = 63;
    private const ushort Internet = 1;
    private const byte IsResponse = 0x80, RecursionDesired = 0x01, CodeMask = 0x0f;

    /// <summary>Most labels of one name; bounds the work on a damaged response.</summary>
    private const int MaxLabels = 128;

    /// <summary>Sends one query and evaluates the response; cancellation is the timeout.</summary>
    internal static async Task<ProbeResult> RunAsync(ProbeEndpoint endpoint, DnsExpectation expected,
        CancellationToken cancellation)
    {
        if (BuildQuery(expected) is not { } query)
            return ProbeResult.NotSent($"{expected.Name} is not a domain name");
        var response = await UdpProbe.ExchangeAsync(endpoint, query, cancellation).ConfigureAwait(false);
        return Evaluate(response.Span, query, expected);
    }

    /// <summary>Builds a query with a random ID. Null: the name has a label that is empty or longer than 63
    /// bytes.</summary>
    internal static byte[]? BuildQuery(DnsExpectation expected)
    {
        var query = new List<byte>(new byte[HeaderBytes]);
        var labels = expected.Name.TrimEnd('.').Split('.');
        foreach (var label in expected.Name == "." ? [] : labels)
        {
            if (label.Length is 0 or > MaxLabelBytes)
                return null;
            query.Add((byte)label.Length);
            query.AddRange(Encoding.ASCII.GetBytes(label));
        }
        query.AddRange([0, 0, (byte)expected.Type, 0, (byte)Internet]);
        var bytes = query.ToArray();
        RandomNumberGenerator.Fill(bytes.AsSpan(0, 2));
        bytes[2] = RecursionDesired;
        bytes[5] = 1; // one question
        return bytes;
    }

    /// <summary>Compares a response with the query and with what the monitor expects.</summary>
    internal static ProbeResult Evaluate(ReadOnlySpan<byte> response, ReadOnlySpan<byte> query, DnsExpectation expected)
    {
        if (response.Length < HeaderBytes || (response[2] & IsResponse) == 0 || !response[..2]
            .SequenceEqual(query[..2]))
            return ProbeResult.WrongAnswer("the response does not belong to the query");
        var code = response[3] & CodeMask;
        if (code != expected.ResponseCode)
            return ProbeResult.WrongAnswer($"response code {code} instead of {expected.ResponseCode}");
        if (expected.Address is not { } expectedAddress)
            return ProbeResult.Success;
        var found = Addresses(response);
        return found.Contains(expectedAddress) ? ProbeResult.Success
            : ProbeResult.WrongAnswer(
            $"no answer is {expectedAddress}: "
                + (found.Count == 0 ? "there are no addresses" : string.Join(", ", found.Take(4))));
    }

    private static List<IPAddress> Addresses(ReadOnlySpan<byte> response)
    {
        var found = new List<IPAddress>();
        var at = HeaderBytes;
        for (int questions = BinaryPrimitives.ReadUInt16BigEndian(response[4..]); questions > 0 && at >= 0; questions--)
            at = SkipName(response, at, 4);
        for (int records = BinaryPrimitives.ReadUInt16BigEndian(response[6..]); records > 0 && at >= 0; records--)
        {
            // type, class, TTL, length of the data
            var record = SkipName(response, at, 0);
            if (record < 0 || record + 10 > response.Length)
                break;
            var type = (DnsRecordType)BinaryPrimitives.ReadUInt16BigEndian(response[record..]);
            int length = BinaryPrimitives.ReadUInt16BigEndian(response[(record + 8)..]), data = record + 10;
            if (data + length > response.Length)
                break;
            if ((type, length) is (DnsRecordType.A, 4) or (DnsRecordType.Aaaa, 16))
                found.Add(new IPAddress(response.Slice(data, length)));
            at = data + length;
        }
        return found;
    }

    /// <summary>The offset behind a name and a number of further bytes; -1 when the response is damaged.</summary>
    private static int SkipName(ReadOnlySpan<byte> response, int at, int more)
    {
        for (var labels = 0; labels < MaxLabels && at < response.Length; labels++)
        {
            var length = response[at];
            if (length >= 0xc0)
                return at + 2 + more; // a pointer ends the name (RFC 1035 section 4.1.4)
            at += 1 + length;
            if (length == 0)
                return at + more;
        }
        return -1;
    }
}
