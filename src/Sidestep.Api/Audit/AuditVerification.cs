using System.Globalization;
using System.Text.RegularExpressions;

namespace Sidestep.Api.Audit;

/// <summary>Verifies audit logs.</summary>
public static partial class AuditVerification
{
    /// <summary>Verifies the chain of a log, and compares it with the heads in a journal.</summary>
    /// <param name="lines">The lines of the log.</param>
    /// <param name="journal">Lines that may have heads, such as the output of <c>journalctl -u sidestepd</c>; empty:
    /// the end of the log cannot be verified.</param>
    public static AuditResult Verify(IEnumerable<string> lines, IEnumerable<string> journal)
    {
        ArgumentNullException.ThrowIfNull(lines);
        ArgumentNullException.ThrowIfNull(journal);
        var hashes = new Dictionary<long, string>();
        long number = 0, first = 0;
        string? previous = null;
        int lineNumber = 0;
        foreach (string line in lines)
        {
            lineNumber++;
            try
            {
                var (record, hash) = AuditChain.Read(line);
                if (previous is null)
                {
                    first = record.Number;
                    if (record.Number == 1 && record.Previous != AuditChain.Start)
                        throw new FormatException("the first entry refers to one before it");
                }
                else if (record.Number != number + 1)
                    throw new FormatException($"entry {record.Number} follows entry {number}");
                else if (record.Previous != previous)
                    throw new FormatException($"entry {record.Number} has another hash of the entry before it");
                (number, previous) = (record.Number, hash);
                hashes[number] = hash;
            }
            catch (FormatException e)
            {
                return new AuditResult(first, hashes.Count, previous, 0, $"line {lineNumber}: {e.Message}");
            }
        }
        int compared = 0;
        foreach (var (head, hash) in journal.Select(HeadOf).OfType<(long, string)>())
        {
            if (head < first)
                continue;
            if (!hashes.TryGetValue(head, out string? present))
            {
                return new AuditResult(first, hashes.Count, previous, compared,
                    $"the journal has the head of entry {head}, and the log ends with entry {number}: its end is "
                    + "missing");
            }
            if (present != hash)
            {
                return new AuditResult(first, hashes.Count, previous, compared,
                    $"entry {head} has another hash in the journal: the log was written anew");
            }
            compared++;
        }
        return new AuditResult(first, hashes.Count, previous, compared, null);
    }

    private static (long Number, string Hash)? HeadOf(string line) => Head().Match(line) is { Success: true } match
        ? (long.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture), match.Groups[2].Value) : null;

    /// <summary>The text of event 405 (AuditEvents).</summary>
    [GeneratedRegex("audit entry ([0-9]{1,18}), head ([0-9a-f]{64})")]
    private static partial Regex Head();
}

/// <summary>The result of a verification.</summary>
/// <param name="First">The number of the first entry; above 1, there are earlier ones in other files.</param>
/// <param name="Entries">The number of intact entries before the first fault.</param>
/// <param name="Head">The hash of the last one of them; null: there are none.</param>
/// <param name="Compared">How many heads of the journal were compared.</param>
/// <param name="Fault">What is wrong; null: nothing.</param>
public sealed record AuditResult(long First, int Entries, string? Head, int Compared, string? Fault);
