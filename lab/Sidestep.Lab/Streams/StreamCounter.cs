using System.Runtime.InteropServices;
using System.Text.Json;
using Sidestep.Lab.Scenarios;

namespace Sidestep.Lab.Streams;

/// <summary>Counts how often each number of each sender arrived. Safe for many threads. A file passes the counts
/// between processes.</summary>
internal sealed class StreamCounter
{
    // Largest valid number, far above those of a run: a datagram with a larger one is not from the lab.
    private const int MaxNumber = 10_000_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<int, List<byte>> _counts = [];

    public void Add(int sender, int number)
    {
        if (number is < 0 or > MaxNumber)
            return;
        lock (_lock)
        {
            if (!_counts.TryGetValue(sender, out var counts))
                _counts[sender] = counts = [];
            while (counts.Count <= number)
                counts.Add(0);
            if (counts[number] < byte.MaxValue)
                counts[number]++;
        }
    }

    public void Save(string path)
    {
        lock (_lock)
            File.WriteAllText(path
                + ".new", JsonSerializer.Serialize(_counts.ToDictionary(s => s.Key, s => s.Value.ToArray())));
        File.Move(path + ".new", path, overwrite: true);
    }

    public void Load(string path)
    {
        foreach (var (sender, counts) in JsonSerializer.Deserialize<Dictionary<int, byte[]>>(File.ReadAllText(path))!)
        {
            for (var number = 0; number < counts.Length; number++)
            {
                for (var times = 0; times < counts[number]; times++)
                    Add(sender, number);
            }
        }
    }

    /// <param name="sent">For each sender, the time of each datagram, in milliseconds since 1970.</param>
    /// <param name="outages">Times at which nothing forwarded.</param>
    /// <param name="firstSender">Number of the first of these senders.</param>
    public StreamResult Evaluate(IReadOnlyList<IReadOnlyList<long>> sent, Outages outages, int firstSender = 0)
    {
        lock (_lock)
        {
            long lost = 0, lostWithoutDaemon = 0, duplicated = 0;
            var gaps = new List<string>();
            for (var sender = 0; sender < sent.Count; sender++)
            {
                var counts = CollectionsMarshal.AsSpan(_counts.GetValueOrDefault(firstSender + sender));
                for (var number = 0; number < sent[sender].Count; number++)
                {
                    var times = number < counts.Length ? counts[number] : 0;
                    duplicated += Math.Max(0, times - 1);
                    if (times > 0)
                        continue;
                    if (outages.Contain(sent[sender][number]))
                    {
                        lostWithoutDaemon++;
                        continue;
                    }
                    lost++;
                    if (gaps.Count < StreamResult.MaxGaps)
                        gaps.Add($"number {number} of sender {firstSender + sender} ({sent[sender].Count} sent)");
                }
            }
            return new StreamResult(sent.Sum(s => (long)s.Count), lost, lostWithoutDaemon, duplicated, gaps);
        }
    }
}

/// <summary>The result for all numbered datagrams.</summary>
/// <param name="Sent">Number of datagrams sent.</param>
/// <param name="Lost">Datagrams that no server received although the director forwarded.</param>
/// <param name="LostWithoutDaemon">Datagrams that no server received, sent while nothing forwarded.</param>
/// <param name="Duplicated">Additional copies that any server received.</param>
/// <param name="FirstLost">Descriptions of the first lost datagrams.</param>
internal sealed record StreamResult(long Sent, long Lost, long LostWithoutDaemon, long Duplicated,
    IReadOnlyList<string> FirstLost)
{
    public const int MaxGaps = 5;
}
