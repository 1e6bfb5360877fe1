using System.Text;
using Sidestep.Cli;
using Sidestep.Model;

namespace Sidestep.UnitTests.Cli;

public sealed class ConfigurationFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sidestep-").FullName;

    private string FilePath => Path.Combine(_folder, "sidestep.yaml");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Text_is_read_without_a_byte_order_mark()
    {
        File.WriteAllBytes(FilePath, [0xef, 0xbb, 0xbf, .. "name: b\u00fccher\n"u8]);
        Assert.Equal(new ConfigurationFile(FilePath, "name: b\u00fccher\n", null), ConfigurationFile.Read(FilePath));
    }

    [Fact]
    public void Only_one_byte_order_mark_is_removed()
    {
        File.WriteAllBytes(FilePath, [0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf]);
        Assert.Equal("\ufeff", ConfigurationFile.Read(FilePath).Text);
    }

    [Theory]
    [InlineData(new byte[] { 0xff, 0xfe, 0x61, 0x00 })]
    [InlineData(new byte[] { 0x61, 0xc3 })]
    [InlineData(new byte[] { 0xed, 0xa0, 0x80 })]
    public void Text_that_is_not_UTF_8_has_no_text(byte[] bytes)
    {
        File.WriteAllBytes(FilePath, bytes);
        Assert.Equal(new ConfigurationFile(FilePath, null, "this is not UTF-8 text. Save the file as UTF-8."),
            ConfigurationFile.Read(FilePath));
    }

    [Fact]
    public void Folder_is_not_a_file() =>
        Assert.Equal(new ConfigurationFile(_folder, null, "is a directory. Name the file."),
            ConfigurationFile.Read(_folder));

    [Fact]
    public void Missing_file_has_the_reason_of_the_system()
    {
        var (name, text, problem) = ConfigurationFile.Read(FilePath);
        Assert.Equal((FilePath, null), (name, text));
        Assert.StartsWith("cannot be read: ", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Endless_file_is_read_only_until_the_reader_can_reject_it()
    {
        using (var file = File.OpenHandle(FilePath, FileMode.Create, FileAccess.Write))
        {
            // A sparse file of four times the limit, which ends within a character where it is cut.
            RandomAccess.SetLength(file, 4L * Limits.DocumentBytes);
            RandomAccess.Write(file, Encoding.UTF8.GetBytes("\u00fc"), Limits.DocumentBytes + 15);
        }
        var text = ConfigurationFile.Read(FilePath).Text!;
        Assert.Equal(Limits.DocumentBytes + 16, text.Length);
        Assert.Equal("the document is larger than 67108864 bytes",
            ConfigurationReader.Read(text, null).Errors.Single().Reason);
    }
}
