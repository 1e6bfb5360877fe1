using System.Security.Cryptography;

namespace Sidestep.Lab;

/// <summary>The file that the servers serve: 64 KiB without repetition, identical on every machine.</summary>
internal static class SampleFile
{
    public const int Length = 64 * 1024;

    public const string UrlPath = "/64k.bin";

    public static byte[] Content { get; } = Make();

    public static byte[] Hash { get; } = SHA256.HashData(Content);

    public static void Write(string runFolder)
    {
        var folder = Directory.CreateDirectory(Path.Combine(runFolder, "www"));
        File.WriteAllBytes(folder.FullName + UrlPath, Content);
    }

    private static byte[] Make()
    {
        var content = new byte[Length];
        var block = new byte[SHA256.HashSizeInBytes];
        for (var i = 0; i < Length; i += block.Length)
        {
            SHA256.HashData(block, block);
            block.CopyTo(content, i);
        }
        return content;
    }
}
