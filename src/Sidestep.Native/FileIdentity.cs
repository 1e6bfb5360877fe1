using System.Buffers.Binary;
using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>Which file a path leads to, and when anything about it changed (statx(2)).</summary>
/// <param name="Device">Of the file system.</param>
/// <param name="Inode">Of the file, behind all symbolic links.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="ChangedSeconds">Time of the last change of content or attributes, which no program can set back.</param>
/// <param name="ChangedNanoseconds">The fraction.</param>
public readonly record struct FileIdentity(ulong Device, ulong Inode, ulong Bytes, long ChangedSeconds, uint ChangedNanoseconds)
{
    /// <summary>Asks the kernel; null when there is no file, or none that may be seen.</summary>
    public static unsafe FileIdentity? Of(string path)
    {
        const int CurrentFolder = -100;
        const uint BasicStats = 0x7ff;
        const int Size = 256, Inode = 32, Bytes = 40, Changed = 96, Device = 136;
        Span<byte> stats = stackalloc byte[Size];
        fixed (byte* pointer = stats)
        {
            if (Libc.statx(CurrentFolder, path, 0, BasicStats, pointer) != 0)
                return null;
        }
        return new FileIdentity(
            BinaryPrimitives.ReadUInt64LittleEndian(stats[Device..]), BinaryPrimitives.ReadUInt64LittleEndian(stats[Inode..]),
            BinaryPrimitives.ReadUInt64LittleEndian(stats[Bytes..]), BinaryPrimitives.ReadInt64LittleEndian(stats[Changed..]),
            BinaryPrimitives.ReadUInt32LittleEndian(stats[(Changed + 8)..]));
    }
}
