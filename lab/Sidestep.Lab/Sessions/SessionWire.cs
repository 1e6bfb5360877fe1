using System.Buffers.Binary;
using System.Text;

namespace Sidestep.Lab.Sessions;

/// <summary>
/// The messages of a session. A request contains the id of the session and the number of the request in it. The
/// response repeats both and adds the server's name and a number that the server draws at each start. All numbers are
/// in network byte order, and all messages have one length.
/// </summary>
internal static class SessionWire
{
    public const int RequestLength = 16;
    public const int ResponseLength = RequestLength + sizeof(ulong) + NameLength;

    private const int NameLength = 16;

    public static void WriteRequest(Span<byte> target, ulong session, ulong number)
    {
        BinaryPrimitives.WriteUInt64BigEndian(target, session);
        BinaryPrimitives.WriteUInt64BigEndian(target[8..], number);
    }

    /// <param name="request">The response repeats it unchanged.</param>
    public static void WriteResponse(Span<byte> target, ReadOnlySpan<byte> request, ServerInstance server)
    {
        request[..RequestLength].CopyTo(target);
        BinaryPrimitives.WriteUInt64BigEndian(target[RequestLength..], server.Number);
        var name = target.Slice(RequestLength + sizeof(ulong), NameLength);
        name.Clear();
        Encoding.ASCII.GetBytes(server.Name.AsSpan(0, Math.Min(server.Name.Length, NameLength)), name);
    }

    /// <returns>The server that answered; null when the message is no response to this request.</returns>
    public static ServerInstance? ReadResponse(ReadOnlySpan<byte> response, ReadOnlySpan<byte> request)
        => response[..RequestLength].SequenceEqual(request)
            ? new ServerInstance(
                Encoding.ASCII.GetString(response[(RequestLength + sizeof(ulong))..ResponseLength].TrimEnd((byte)0)),
                BinaryPrimitives.ReadUInt64BigEndian(response[RequestLength..]))
            : null;
}

/// <summary>One run of a server's process: a restarted server is another instance.</summary>
/// <param name="Name">Name of the node.</param>
/// <param name="Number">A random number, drawn at the start.</param>
internal readonly record struct ServerInstance(string Name, ulong Number);
