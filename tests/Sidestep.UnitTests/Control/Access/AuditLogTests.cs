using Sidestep.Api.Audit;
using Sidestep.Control.Access;
using Sidestep.UnitTests.Daemon;

namespace Sidestep.UnitTests.Control.Access;

public sealed class AuditLogTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly List<string> _journal = [];

    private string FilePath => _folder.Path("log/audit.jsonl");

    [Fact]
    public void Chain_continues_after_a_restart()
    {
        Append(3);
        Append(2);
        var result = Verify();
        Assert.Equal((5, 5, null), (result.Entries, result.Compared, result.Fault));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FilePath));
    }

    [Fact]
    public void Part_of_a_line_that_a_kill_left_is_removed()
    {
        Append(2);
        foreach (int length in new[] { 1, 63, 64, 65, 100 })
        {
            var intact = File.ReadAllBytes(FilePath);
            string last = File.ReadLines(FilePath).Last();
            File.AppendAllText(FilePath, last[..length]);
            Append(1);
            Assert.Null(Verify().Fault);
            Assert.Equal(intact, File.ReadAllBytes(FilePath)[..intact.Length]);
        }
        Assert.Equal(7, Verify().Entries);
    }

    [Fact]
    public void Every_changed_removed_moved_or_added_line_is_found()
    {
        Append(6);
        string[] lines = File.ReadAllLines(FilePath);
        var random = new Random(7);
        for (int i = 0; i < 300; i++)
        {
            var edited = lines.ToList();
            int at = random.Next(lines.Length);
            switch (random.Next(4))
            {
                case 0:
                    char[] line = edited[at].ToCharArray();
                    int position = random.Next(line.Length);
                    line[position] = line[position] == 'x' ? 'y' : 'x';
                    edited[at] = new string(line);
                    break;
                case 1:
                    edited.RemoveAt(at);
                    break;
                case 2:
                    edited.Insert(at, edited[random.Next(lines.Length)]);
                    break;
                default:
                    (edited[at], edited[(at + 1) % lines.Length]) = (edited[(at + 1) % lines.Length], edited[at]);
                    break;
            }
            var result = AuditVerification.Verify(edited, _journal);
            Assert.True(result.Fault is not null || result.First != 1, string.Join('\n', edited));
        }
    }

    [Fact]
    public void Missing_end_is_found_by_the_journal_alone()
    {
        Append(4);
        string[] lines = File.ReadAllLines(FilePath)[..3];
        Assert.Null(AuditVerification.Verify(lines, []).Fault);
        Assert.Equal("the journal has the head of entry 4, and the log ends with entry 3: its end is missing",
            AuditVerification.Verify(lines, _journal).Fault);
    }

    [Fact]
    public void Log_that_was_written_anew_is_found_by_the_journal()
    {
        Append(2);
        File.Delete(FilePath);
        var journal = _journal.ToArray();
        Append(2);
        Assert.Equal("entry 1 has another hash in the journal: the log was written anew",
            AuditVerification.Verify(File.ReadLines(FilePath), journal).Fault);
    }

    [Fact]
    public void Large_file_is_renamed_and_the_chain_continues_in_the_next()
    {
        using (var log = new AuditLog(_folder.Path("log/audit"), new ManualTime(), Head, largestFile: 1000))
        {
            for (int i = 0; i < 10; i++)
                log.Append(new AuditEntry("root", $"PUT {i}", 200));
            Assert.Null(log.Problem);
        }
        string[] files = [.. Directory.GetFiles(_folder.Path("log"), "*.jsonl").Order(StringComparer.Ordinal)];
        Assert.True(files.Length > 2, string.Join(' ', files));
        var result = AuditVerification.Verify(files.SelectMany(File.ReadLines), _journal);
        Assert.Equal((10, 10, null), (result.Entries, result.Compared, result.Fault));
    }

    [Fact]
    public void Entries_that_cannot_be_written_wait_in_order()
    {
        _folder.Write("log", "a file where the folder should be");
        using var log = new AuditLog(_folder.Path("log/audit"), new ManualTime(), Head);
        log.Append(new AuditEntry("root", "PUT 1", 200));
        log.Append(new AuditEntry("root", "PUT 2", 200));
        Assert.StartsWith("the audit log cannot be written: ", log.Problem, StringComparison.Ordinal);
        File.Delete(_folder.Path("log"));
        log.Flush();
        Assert.Null(log.Problem);
        Assert.Equal(["PUT 1", "PUT 2"],
            File.ReadLines(FilePath).Select(static l => AuditChain.Read(l).Record.Request));
    }

    [Fact]
    public void Entries_that_were_lost_are_counted()
    {
        _folder.Write("log", "a file where the folder should be");
        using var log = new AuditLog(_folder.Path("log/audit"), new ManualTime(), Head);
        for (int i = 0; i < 1005; i++)
            log.Append(new AuditEntry("root", $"PUT {i}", 200));
        File.Delete(_folder.Path("log"));
        log.Flush();
        var records = File.ReadLines(FilePath).Select(static l => AuditChain.Read(l).Record).ToArray();
        Assert.Equal(1001, records.Length);
        Assert.StartsWith("5 entries were lost", records[0].Detail, StringComparison.Ordinal);
        Assert.Equal(("PUT 5", "PUT 1004"), (records[1].Request, records[^1].Request));
    }

    [Fact]
    public void Damaged_last_line_is_not_continued()
    {
        Append(2);
        File.AppendAllText(FilePath, "not an entry\n");
        using var log = new AuditLog(_folder.Path("log/audit"), new ManualTime(), Head);
        log.Append(new AuditEntry("root", "PUT 9", 200));
        Assert.Contains("the last line is damaged", log.Problem, StringComparison.Ordinal);
        Assert.Equal("not an entry", File.ReadLines(FilePath).Last());
    }

    public void Dispose() => _folder.Dispose();

    private void Append(int count)
    {
        using var log = new AuditLog(_folder.Path("log/audit"), new ManualTime(), Head);
        for (int i = 0; i < count; i++)
        {
            log.Append(new AuditEntry("root (uid 0)", $"PUT /api/v1/pools/{_journal.Count}\n\"", 200)
            {
                Address = "10.0.0.9",
                Detail = "revision 2",
            });
        }
        Assert.Null(log.Problem);
    }

    private void Head(long number, string hash) => _journal.Add($"[405] audit entry {number}, head {hash}");

    private AuditResult Verify() => AuditVerification.Verify(File.ReadLines(FilePath), _journal);
}
