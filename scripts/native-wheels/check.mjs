export async function checkWheels() {
  return [];
}
