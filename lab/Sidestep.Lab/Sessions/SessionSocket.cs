using System.Net.Sockets;

namespace Sidestep.Lab.Sessions;

/// <summary>Reads messages of a known length from a stream.</summary>
internal static class SessionSocket
{
    /// <returns>False when the other end has closed before a message; an incomplete message is an error.</returns>
    public static async Task<bool> ReceiveAllAsync(Socket socket, Memory<byte> message, CancellationToken cancel)
    {
        for (var have = 0; have < message.Length;)
        {
            var received = await socket.ReceiveAsync(message[have..], cancel);
            if (received == 0)
                return have == 0 ? false : throw new SocketException((int)SocketError.ConnectionReset);
            have += received;
        }
        return true;
    }
}
