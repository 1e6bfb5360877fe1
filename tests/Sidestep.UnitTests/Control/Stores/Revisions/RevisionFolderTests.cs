using Sidestep.Control.Stores.Revisions;
using Sidestep.UnitTests.Daemon;

namespace Sidestep.UnitTests.Control.Stores.Revisions;

public sealed class RevisionFolderTests : IDisposable
{
    private readonly TempFolder _temp = new();
    private readonly List<string> _flushed = [];

    private string Root => _temp.Path("revisions");

    [Fact]
    public void Stored_revisions_are_read_back_after_a_restart()
    {
        var folder = Open();
        Assert.Empty(folder.Revisions);
        Add(folder, 1, "{\"a\":\"\u00e9\"}");
        Add(folder, 2, "{}", "why", rollbackTo: 1);

        var again = Open();
        Assert.Equal(folder.Revisions.AsEnumerable(), again.Revisions);
        Assert.Equal(("why", 1L), (again.Revisions[1].Reason, again.Revisions[1].RollbackTo));
        Assert.Equal(("{\"a\":\"\u00e9\"}", "{}", (string?)null), (again.Read(1), again.Read(2), again.Read(3)));
        Assert.Equal(3, again.NextNumber);
        Assert.Empty(again.Notes);
        // The folder itself is an entry of its parent.
        Assert.Equal([Path.GetDirectoryName(Root)!, Root, Root], _flushed);
    }

    [Fact]
    public void Power_failure_at_any_byte_of_a_write_leaves_the_revisions_before_and_is_noted()
    {
        var folder = Open();
        Add(folder, 1, "{}");
        Add(folder, 2, "{\"pools\":[]}");
        string newest = FileOf(2), unfinished = newest + ".new";
        var content = File.ReadAllBytes(newest);
        for (int length = 0; length <= content.Length; length++)
        {
            File.Delete(newest);
            File.WriteAllBytes(unfinished, content[..length]);
            var after = Open();
            Assert.Equal([1], after.Revisions.Select(static r => r.Number));
            Assert.StartsWith($"{unfinished} was removed: ", Assert.Single(after.Notes), StringComparison.Ordinal);
            Assert.False(File.Exists(unfinished));
            Assert.Equal(2, after.NextNumber);
        }
    }

    [Fact]
    public void Damaged_newest_revision_is_set_aside_and_its_number_is_not_used_again()
    {
        var folder = Open();
        Add(folder, 1, "{}");
        Add(folder, 2, "{\"pools\":[]}");
        var content = File.ReadAllBytes(FileOf(2));
        for (int length = 0; length < content.Length; length++)
        {
            File.Delete(FileOf(2) + ".damaged");
            File.WriteAllBytes(FileOf(2), content[..length]);
            AssertIntactOrSetAside(length);
        }
        for (int at = 0; at < content.Length; at++)
        {
            var changed = content.ToArray();
            changed[at] ^= 0x55;
            File.WriteAllBytes(FileOf(2), changed);
            AssertIntactOrSetAside(at);
        }

        void AssertIntactOrSetAside(int at)
        {
            var after = Open();
            // Some bits of gzip, such as the operating system and the trailer, say nothing about the content.
            if (after.Notes.IsEmpty)
            {
                Assert.Equal("{\"pools\":[]}", after.Read(2));
                return;
            }
            Assert.True(after.Revisions is [{ Number: 1 }], $"byte {at}");
            Assert.Equal("{}", after.Read(1));
            Assert.True(after.NextNumber == 3, $"byte {at}");
            Assert.True(File.Exists(FileOf(2) + ".damaged"), $"byte {at}");
        }
    }

    [Fact]
    public void Damaged_file_is_noted_with_its_new_name()
    {
        Add(Open(), 1, "{}");
        File.WriteAllText(FileOf(1), "no gzip");
        Assert.Equal(
            $"{FileOf(1)} is damaged (The archive entry was compressed using an unsupported compression method.) and "
            + "was renamed to 000000001.jsonl.gz.damaged", Assert.Single(Open().Notes));
    }

    [Fact]
    public void Numbers_of_damaged_revisions_are_not_used_after_another_restart_either()
    {
        var folder = Open();
        Add(folder, 1, "{}");
        Add(folder, 2, "{}");
        File.WriteAllText(FileOf(2), "no gzip");
        Assert.StartsWith("the newest revision of the configuration, 2, is damaged: ", Open().LostNewest,
            StringComparison.Ordinal);
        var again = Open();
        Assert.Equal((3L, true, null), (again.NextNumber, again.HasDamaged, again.LostNewest));
        // Another file that is damaged under the same name does not replace the evidence.
        File.WriteAllText(FileOf(2), "no gzip either");
        Open();
        Assert.Equal(["no gzip", "no gzip either"],
            new[] { ".damaged", ".damaged.2" }.Select(s => File.ReadAllText(FileOf(2) + s)));
    }

    [Theory]
    [InlineData("9223372036854775807.jsonl.gz")]
    [InlineData("1.jsonl.gz")]
    [InlineData("x.jsonl.gz")]
    public void File_of_another_name_is_left_alone(string name)
    {
        Add(Open(), 1, "{}");
        File.WriteAllText(Path.Combine(Root, name), "text");
        var folder = Open();
        Assert.Equal((2L, false), (folder.NextNumber, folder.HasDamaged));
        Assert.Empty(folder.Notes);
    }

    [Fact]
    public void Older_file_that_cannot_be_read_prevents_nothing()
    {
        Add(Open(), 1, "{}");
        Add(Open(), 2, "{\"pools\":[]}");
        File.Delete(FileOf(1));
        File.CreateSymbolicLink(FileOf(1), FileOf(1));
        var folder = Open();
        Assert.Equal([2], folder.Revisions.Select(static r => r.Number));
        Assert.StartsWith($"{FileOf(1)} cannot be read, and is left as it is: ", Assert.Single(folder.Notes),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Path_of_a_file_is_an_error() => Assert.Equal("this is a file: name a folder",
        Assert.Throws<IOException>(() => new RevisionFolder(_temp.Write("file", ""), _flushed.Add,
            RevisionLimits.Default)).Message);

    [Fact]
    public void Damaged_older_revision_is_an_error_of_its_reader_only()
    {
        var folder = Open();
        Add(folder, 1, "{}");
        Add(folder, 2, "{\"pools\":[]}");
        var content = File.ReadAllBytes(FileOf(1));
        File.WriteAllBytes(FileOf(1), content[..^12]);
        var error = Assert.Throws<IOException>(() => folder.Read(1));
        Assert.StartsWith($"{FileOf(1)} is damaged: ", error.Message, StringComparison.Ordinal);
        Assert.Equal("{\"pools\":[]}", folder.Read(2));
    }

    [Fact]
    public void Oldest_revisions_beyond_the_limits_are_deleted()
    {
        var folder = new RevisionFolder(Root, _flushed.Add, new RevisionLimits(3, long.MaxValue));
        for (int number = 1; number <= 5; number++)
        {
            Add(folder, number, "{}");
            folder.Trim();
        }
        Assert.Equal([3, 4, 5], folder.Revisions.Select(static r => r.Number));
        Assert.Equal(3, Directory.GetFiles(Root).Length);

        var small = new RevisionFolder(Root, _flushed.Add, new RevisionLimits(3, 1));
        small.Trim();
        Assert.Equal([5], small.Revisions.Select(static r => r.Number));
        Assert.Null(small.Read(4));
    }

    [Fact]
    public void Revision_that_cannot_be_flushed_is_not_there_after_a_restart()
    {
        bool isFull = false;
        var folder = new RevisionFolder(Root, _ =>
        {
            if (isFull)
                throw new IOException("no space");
        }, RevisionLimits.Default);
        isFull = true;
        Assert.Throws<IOException>(() => Add(folder, 1, "{}"));
        Assert.Empty(folder.Revisions);
        Assert.Empty(Open().Revisions);
    }

    public void Dispose() => _temp.Dispose();

    private RevisionFolder Open() => new(Root, _flushed.Add, RevisionLimits.Default);

    private string FileOf(int number) => Path.Combine(Root, $"{number:D9}.jsonl.gz");

    private static void Add(RevisionFolder folder, long number, string json, string? reason = null,
        long? rollbackTo = null) => folder.Add(new StoredRevision(number,
            DateTimeOffset.UnixEpoch.AddSeconds(number), "root (uid 0)", reason, rollbackTo), json);
}
