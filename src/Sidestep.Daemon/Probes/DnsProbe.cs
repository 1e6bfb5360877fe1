using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Sidestep.Control.Health;
using Sidestep.Model;

namespace Sidestep.Daemon.Probes;

/// <summary>A question over UDP (RFC 1035 section 4).</summary>
internal static class DnsProbe
{
    private const int HeaderBytes = 12, LongestLabel = 63;
    private const ushort Internet = 1;
    private const byte IsResponse = 0x80, RecursionDesired = 0x01, CodeMask = 0x0f;

    /// <summary>Of a name that is a chain of pointers.</summary>
    private const int MostLabels = 128;

    internal static async Task<ProbeOutcome> RunAsync(ProbeEnd end, DnsExpectation expected, CancellationToken cancellation)
    {
        if (Question(expected) is not { } question)
            return ProbeOutcome.NotAsked($"{expected.Name} is no domain name");
        var answer = await UdpProbe.AskAsync(end, question, cancellation).ConfigureAwait(false);
        return Judge(answer.Span, question, expected);
    }

    /// <summary>Null when the name has a label that is empty or too long.</summary>
    internal static byte[]? Question(DnsExpectation expected)
    {
        var question = new List<byte>(new byte[HeaderBytes]);
        var labels = expected.Name.TrimEnd('.').Split('.');
        foreach (var label in expected.Name == "." ? [] : labels)
        {
            if (label.Length is 0 or > LongestLabel)
                return null;
            question.Add((byte)label.Length);
            question.AddRange(Encoding.ASCII.GetBytes(label));
        }
        question.AddRange([0, 0, (byte)expected.Type, 0, (byte)Internet]);
        var bytes = question.ToArray();
        RandomNumberGenerator.Fill(bytes.AsSpan(0, 2));
        bytes[2] = RecursionDesired;
        bytes[5] = 1; // one question
        return bytes;
    }

    /// <summary>Whether an answer is to this question, and as expected.</summary>
    internal static ProbeOutcome Judge(ReadOnlySpan<byte> answer, ReadOnlySpan<byte> question, DnsExpectation expected)
    {
        if (answer.Length < HeaderBytes || (answer[2] & IsResponse) == 0 || !answer[..2].SequenceEqual(question[..2]))
            return ProbeOutcome.Bad("what came is no answer to the question");
        var code = answer[3] & CodeMask;
        if (code != expected.ResponseCode)
            return ProbeOutcome.Bad($"response code {code} instead of {expected.ResponseCode}");
        if (expected.Address is not { } wanted)
            return ProbeOutcome.Good;
        var found = Addresses(answer);
        return found.Contains(wanted) ? ProbeOutcome.Good
            : ProbeOutcome.Bad($"no answer is {wanted}: {(found.Count == 0 ? "there are no addresses" : string.Join(", ", found.Take(4)))}");
    }

    private static List<IPAddress> Addresses(ReadOnlySpan<byte> answer)
    {
        var found = new List<IPAddress>();
        var at = HeaderBytes;
        for (int questions = BinaryPrimitives.ReadUInt16BigEndian(answer[4..]); questions > 0 && at >= 0; questions--)
            at = Behind(answer, at, 4);
        for (int records = BinaryPrimitives.ReadUInt16BigEndian(answer[6..]); records > 0 && at >= 0; records--)
        {
            // type, class, time to live, length of what follows
            var record = Behind(answer, at, 0);
            if (record < 0 || record + 10 > answer.Length)
                break;
            var type = (DnsRecordType)BinaryPrimitives.ReadUInt16BigEndian(answer[record..]);
            int length = BinaryPrimitives.ReadUInt16BigEndian(answer[(record + 8)..]), data = record + 10;
            if (data + length > answer.Length)
                break;
            if ((type, length) is (DnsRecordType.A, 4) or (DnsRecordType.Aaaa, 16))
                found.Add(new IPAddress(answer.Slice(data, length)));
            at = data + length;
        }
        return found;
    }

    /// <summary>Where what is behind a name and so many more bytes begins; -1 when the answer is damaged.</summary>
    private static int Behind(ReadOnlySpan<byte> answer, int at, int more)
    {
        for (var labels = 0; labels < MostLabels && at < answer.Length; labels++)
        {
            var length = answer[at];
            if (length >= 0xc0)
                return at + 2 + more; // a pointer ends a name
            at += 1 + length;
            if (length == 0)
                return at + more;
        }
        return -1;
    }
}
